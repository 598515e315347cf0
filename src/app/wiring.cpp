// SPDX-License-Identifier: Apache-2.0
// app: from the settings file's words to each room's own settings; nowhere else are both known.
#include "app/wiring.h"

#include <algorithm>
#include <array>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>
#include <variant>

#include "app/transports.h"
#include "auth/mechanisms.h"
#include "base/limits.h"
#include "base/text.h"
#include "policy/macros.h"
#include "policy/relay.h"
#include "policy/submitters.h"
#include "policy/users.h"
#include "smtp/extensions.h"

namespace gatepost::app {
namespace {

using config::ServiceSettings;
using config::Settings;
using server::Service;

smtp::BareNewline bare_newline(config::BareNewline value) {
  switch (value) {
    case config::BareNewline::Normalize:
      return smtp::BareNewline::Normalize;
    case config::BareNewline::Note:
      return smtp::BareNewline::Note;
    case config::BareNewline::Reject:
      return smtp::BareNewline::Reject;
  }
  std::unreachable();
}

bool is_listed(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// smtpd_sasl_mechanism_filter: the first entry about a mechanism decides.
bool is_wanted(const auth::Mechanism& mechanism, const std::vector<std::string>& filter) {
  const std::string name = lower(mechanism.name);
  for (const std::string& word : filter) {
    if (word == name) return true;
    if (word == "!" + name) return false;
    if (word == "static:rest") return mechanism.usual;
  }
  return filter.empty() && mechanism.usual;
}

/// smtpd_sasl_security_options. CRAM-MD5 proves nothing about the server.
bool is_secure(const auth::Mechanism& mechanism, const std::vector<std::string>& options) {
  const bool scram = mechanism.use == auth::Use::Scram;
  if (is_listed(options, "noplaintext") && mechanism.plaintext) return false;
  if (is_listed(options, "nodictionary") && !mechanism.plaintext) return false;
  const bool mutual = is_listed(options, "mutual_auth") || is_listed(options, "noactive");
  return scram || !mutual;
}

void list_mechanisms(const ServiceSettings& service, smtp::SessionSettings& out) {
  if (!service.smtpd_sasl_auth_enable) return;
  for (const auth::Mechanism& mechanism : auth::mechanisms()) {
    if (!is_wanted(mechanism, service.smtpd_sasl_mechanism_filter)) continue;
    const std::string name(mechanism.name);
    if (!mechanism.binds && is_secure(mechanism, service.smtpd_sasl_security_options)) {
      out.auth_mechanisms.push_back(name);
    }
    if (is_secure(mechanism, service.smtpd_sasl_tls_security_options)) {
      out.auth_mechanisms_tls.push_back(name);
    }
  }
}

smtp::ExtensionSet extensions(const std::vector<std::string>& keywords) {
  smtp::ExtensionSet out = 0;
  for (const std::string& word : keywords) out |= smtp::parse_extensions(word);
  return out;
}

smtp::SessionSettings session_settings(const Settings& settings, const ServiceSettings& service) {
  smtp::SessionSettings out;
  out.hostname = settings.myhostname;
  out.banner = service.smtpd_banner;
  out.timeout = service.smtpd_timeout;
  out.starttls_timeout = service.smtpd_starttls_timeout;
  out.per_request_deadline = service.smtpd_per_request_deadline;
  out.min_data_rate = service.smtpd_min_data_rate;
  out.line_length_limit = static_cast<std::uint32_t>(service.line_length_limit);
  out.message_size_limit = service.message_size_limit;
  out.header_size_limit = static_cast<std::uint32_t>(service.header_size_limit);
  out.hopcount_limit = service.hopcount_limit;
  out.recipient_limit = service.smtpd_recipient_limit;
  out.recipient_overshoot_limit = service.smtpd_recipient_overshoot_limit;
  out.soft_error_limit = service.smtpd_soft_error_limit;
  out.hard_error_limit = service.smtpd_hard_error_limit;
  out.junk_command_limit = service.smtpd_junk_command_limit;
  out.error_sleep_time = service.smtpd_error_sleep_time;
  out.bare_newline = bare_newline(service.smtpd_forbid_bare_newline);
  out.bare_newline_reject_code = service.smtpd_forbid_bare_newline_reject_code;
  out.forbid_unauth_pipelining = service.smtpd_forbid_unauth_pipelining;
  out.helo_required = service.smtpd_helo_required;
  out.strict_envelopes = service.strict_rfc821_envelopes;
  out.vrfy = !service.disable_vrfy_command;
  const bool wrapped = service.smtpd_tls_wrappermode;
  out.starttls_offered = !wrapped && service.smtpd_tls_security_level != config::TlsLevel::None;
  out.tls_required = !wrapped && service.smtpd_tls_security_level == config::TlsLevel::Encrypt;
  list_mechanisms(service, out);
  out.auth_tls_only = service.smtpd_tls_auth_only;
  out.auth_broken_clients = service.broken_sasl_auth_clients;
  out.auth_response_limit = static_cast<std::uint32_t>(service.smtpd_sasl_response_limit);
  out.soft_bounce = service.soft_bounce;
  out.hidden = extensions(service.smtpd_discard_ehlo_keywords);
  out.forbidden_commands = service.smtpd_forbidden_commands.verbs;
  out.forbid_non_letters = service.smtpd_forbidden_commands.non_letters;
  return out;
}

std::vector<policy::Restriction> restrictions(const std::vector<std::string>& entries) {
  std::vector<policy::Restriction> out;
  for (const std::string& entry : entries) {
    auto one = policy::parse_restriction(entry);
    GP_ASSERT(one);  // The rows of keys.def admit only names of policy's table; a test compares.
    out.push_back(*std::move(one));
  }
  return out;
}

policy::DnsRuleSettings dns_rules(const ServiceSettings& service) {
  policy::DnsRuleSettings out;
  out.maps_rbl_code = service.maps_rbl_reject_code;
  out.rbl_reply = service.default_rbl_reply;
  out.unknown_client_code = service.unknown_client_reject_code;
  out.unknown_hostname_code = service.unknown_hostname_reject_code;
  out.unknown_address_code = service.unknown_address_reject_code;
  out.defer_helo = service.unknown_helo_hostname_tempfail_action == "defer";
  out.defer_address = service.unknown_address_tempfail_action == "defer";
  return out;
}

server::ServiceProfile service_profile(const Settings& settings, Service which) {
  const ServiceSettings& service = service_settings(settings, which);
  server::ServiceProfile out;
  out.service = which;
  out.session = session_settings(settings, service);
  out.wrapper_tls = service.smtpd_tls_wrappermode;
  out.log_tls = service.smtpd_tls_loglevel > 0;
  out.tls_in_received = service.smtpd_tls_received_header;
  out.relay_rules = restrictions(service.smtpd_relay_restrictions);
  out.client_rules = restrictions(service.smtpd_client_restrictions);
  out.helo_rules = restrictions(service.smtpd_helo_restrictions);
  out.sender_rules = restrictions(service.smtpd_sender_restrictions);
  out.recipient_rules = restrictions(service.smtpd_recipient_restrictions);
  out.login_in_received = service.smtpd_sasl_authenticated_header;
  out.hide_client = service.smtpd_hide_client_session;
  out.auth_rate = service.smtpd_client_auth_rate_limit;
  out.connection_rate = service.smtpd_client_connection_rate_limit;
  out.message_rate = service.smtpd_client_message_rate_limit;
  out.recipient_rate = service.smtpd_client_recipient_rate_limit;
  out.tls_rate = service.smtpd_client_new_tls_session_rate_limit;
  out.relay_codes = {service.relay_domains_reject_code, service.reject_code, service.defer_code};
  out.dns_rules = dns_rules(service);
  out.unknown_local_code = service.unknown_local_recipient_reject_code;
  out.unknown_virtual_code = service.unknown_virtual_mailbox_reject_code;
  out.unknown_relay_code = service.unknown_relay_recipient_reject_code;
  out.unknown_alias_code = service.unknown_virtual_alias_reject_code;
  out.show_table_name = service.show_user_unknown_table_name;
  const bool screened = which == Service::Smtp && settings.postscreen_enable;
  // A proxy in front of screening stays there when screening is switched off.
  const bool front = which == Service::Smtp && !settings.postscreen_upstream_proxy_protocol.empty();
  out.proxied = front || (!screened && !service.smtpd_upstream_proxy_protocol.empty());
  out.proxy_time =
      front ? settings.postscreen_upstream_proxy_timeout : service.smtpd_upstream_proxy_timeout;
  out.client_connections = service.smtpd_client_connection_count_limit;
  return out;
}

std::vector<Network> networks_in(const tables::Patterns& patterns) {
  std::vector<Network> out;
  for (const tables::Pattern& pattern : patterns) {
    const auto* network = std::get_if<Network>(&pattern.what);
    if (network != nullptr && !pattern.negated) out.push_back(*network);
  }
  return out;
}

/// Some descriptors are for files: a session that was let in must be able to store its message.
std::uint32_t session_limit(std::uint32_t wanted) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return wanted;
  constexpr rlim_t kMostReserved = 256;
  const rlim_t room = files.rlim_cur - std::min(kMostReserved, files.rlim_cur / 2);
  const rlim_t asked = (wanted == 0) ? room : rlim_t{wanted};
  return static_cast<std::uint32_t>(std::min(room, asked));
}

screen::Settings screen_settings(const Settings& settings) {
  screen::Settings out;
  const bool pregreet = !settings.postscreen_greet_banner.empty();
  using screen::Test;
  const auto put = [&out](Test test, bool enabled, screen::Action action, Duration ttl) {
    out.tests[index_of(test)] = {enabled, action, ttl};
  };
  put(Test::Pregreet, pregreet, settings.postscreen_greet_action, settings.postscreen_greet_ttl);
  put(Test::Dnsbl, !settings.postscreen_dnsbl_sites.empty(), settings.postscreen_dnsbl_action,
      settings.postscreen_dnsbl_max_ttl);
  put(Test::Pipelining, settings.postscreen_pipelining_enable,
      settings.postscreen_pipelining_action, settings.postscreen_pipelining_ttl);
  put(Test::NonSmtp, settings.postscreen_non_smtp_command_enable,
      settings.postscreen_non_smtp_command_action, settings.postscreen_non_smtp_command_ttl);
  put(Test::BareNewline, settings.postscreen_bare_newline_enable,
      settings.postscreen_bare_newline_action, settings.postscreen_bare_newline_ttl);
  out.denylist_action = settings.postscreen_denylist_action;
  out.greet_banner = settings.postscreen_greet_banner;
  out.greet_wait = settings.postscreen_greet_wait;
  out.proven_wait = std::min(settings.postscreen_proven_greet_wait, out.greet_wait);
  out.stress_greet_wait = std::min(settings.postscreen_stress_greet_wait, out.greet_wait);
  out.command_time = settings.postscreen_command_time_limit;
  out.stress_command_time = settings.postscreen_stress_command_time_limit;
  out.dnsbl_min_ttl = settings.postscreen_dnsbl_min_ttl;
  out.dnsbl_max_ttl = std::max(settings.postscreen_dnsbl_max_ttl, out.dnsbl_min_ttl);
  out.retention = settings.postscreen_cache_retention_time;
  out.command_limit = settings.postscreen_command_count_limit;
  out.pre_queue_limit = settings.postscreen_pre_queue_limit;
  out.deep_handoff_450 = settings.postscreen_deep_handoff == "450";
  out.respectful = settings.respectful_logging;
  return out;
}

}  // namespace

const ServiceSettings& service_settings(const Settings& settings, Service service) {
  switch (service) {
    case Service::Smtp:
      return settings.smtp;
    case Service::Submission:
      return settings.submission;
    case Service::Submissions:
      return settings.submissions;
  }
  std::unreachable();
}

const std::vector<Endpoint>& listen_addresses(const Settings& settings, Service service) {
  switch (service) {
    case Service::Smtp:
      return settings.smtp_listen;
    case Service::Submission:
      return settings.submission_listen;
    case Service::Submissions:
      return settings.submissions_listen;
  }
  std::unreachable();
}

std::string mail_root(const Settings& settings) {
  std::string_view pattern = settings.mail_location;
  if (istarts_with(pattern, "maildir:")) pattern.remove_prefix(8);
  const std::string_view fixed = pattern.substr(0, pattern.find('%'));
  const std::size_t slash = fixed.rfind('/');
  // A location that begins with %h has no common folder; then the users' homes decide.
  if (slash == fixed.npos || slash == 0) return "/";
  return std::string(fixed.substr(0, slash));
}

std::shared_ptr<const server::Profile> make_profile(const Settings& settings,
                                                    std::shared_ptr<server::Directory> directory) {
  auto out = std::make_shared<server::Profile>();
  for (const Service service : server::kAllServices) {
    const auto at = static_cast<std::size_t>(service);
    const ServiceSettings& own = service_settings(settings, service);
    out->services[at] = service_profile(settings, service);
    out->manners[at] = {own.smtpd_reject_footer, policy::read_escapes(own.smtpd_expansion_filter),
                        out->services[at].session.hidden};
  }
  out->manners[server::kUnderTest] = {settings.postscreen_reject_footer,
                                      policy::read_escapes(settings.postscreen_expansion_filter),
                                      extensions(settings.postscreen_discard_ehlo_keywords)};
  out->hostname = settings.myhostname;
  out->mail_name = settings.mail_name;
  out->myorigin = settings.myorigin;
  out->queue_directory = settings.queue_directory;
  out->mail_root = mail_root(settings);
  out->queue_minfree = settings.queue_minfree;
  out->mailbox_full_code = settings.mailbox_full_reject_code;
  out->sessions = session_limit(settings.smtpd_session_limit);
  out->ipv4_prefix = settings.smtpd_client_ipv4_prefix_length;
  out->ipv6_prefix = settings.smtpd_client_ipv6_prefix_length;
  out->rate_time = settings.anvil_rate_time_unit;
  out->ban_tells = settings.ban_reject != "drop";
  out->shutdown_grace = settings.shutdown_grace_time;
  out->directory = std::move(directory);
  out->screened = settings.postscreen_enable;
  out->screen = screen_settings(settings);
  out->thresholds = {static_cast<std::int32_t>(settings.postscreen_dnsbl_threshold),
                     settings.postscreen_dnsbl_allowlist_threshold, settings.dnsbl_outage_policy};
  out->screened_connections = settings.postscreen_client_connection_count_limit;
  return out;
}

storage::MailStore::Settings make_store_settings(const Settings& settings) {
  storage::MailStore::Settings out;
  out.queue_directory = settings.queue_directory;
  out.share_text = settings.maildir_share_text;
  out.hostname = settings.myhostname;
  out.buffer_octets = limits::kTextBuffer;
  out.maildir_mode = settings.maildir_mode;
  out.quota_warning = settings.quota_warning_percent;
  return out;
}

policy::AuthThrottle::Settings make_throttle_settings(const Settings& settings) {
  return {settings.smtpd_sasl_failure_limit, settings.smtpd_sasl_user_failure_limit,
          settings.smtpd_sasl_failure_time};
}

policy::LoginLimits::Settings make_login_limits(const Settings& settings) {
  policy::LoginLimits::Settings out;
  out.hourly_messages = settings.login_hourly_message_limit;
  out.hourly_recipients = settings.login_hourly_recipient_limit;
  out.daily_networks = settings.login_daily_network_limit;
  // Ten hours' worth: enough to see what it is, and no way to fill the disk.
  const std::uint64_t hourly = out.hourly_messages;
  if (hourly > 0) out.held_messages = std::max<std::uint64_t>(hourly * 10, 100);
  return out;
}

bans::Settings make_ban_settings(const Settings& settings) {
  const auto seconds = [](Duration time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
  };
  bans::Settings out;
  out.enabled = settings.ban_enable;
  out.rules = settings.ban_rules;
  out.find_time = seconds(settings.ban_findtime);
  out.threshold = settings.ban_threshold * bans::kOne;
  out.network_threshold = settings.ban_network_threshold * out.threshold;
  out.ban_time = seconds(settings.ban_time);
  out.growing = settings.ban_time_increment;
  out.longest = seconds(settings.ban_time_max);
  out.login_time = seconds(settings.ban_login_time);
  return out;
}

dns::Settings make_dns_settings(const Settings& settings) {
  dns::Settings out;
  out.servers = settings.dns_servers;
  out.tries = {settings.dns_timeout, static_cast<int>(settings.dns_tries)};
  out.limit = settings.dns_lookup_time_limit;
  return out;
}

server::Greylisting::Settings make_greylist_settings(const Settings& settings) {
  using When = server::Greylisting::When;
  const auto seconds = [](Duration time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
  };
  server::Greylisting::Settings out;
  if (settings.greylist_enable) {
    if (settings.greylist_when == "always") out.when = When::Always;
    if (settings.greylist_when == "suspicious") out.when = When::Suspicious;
  }
  out.rules.delay = seconds(settings.greylist_delay);
  out.rules.retry_window = seconds(settings.greylist_retry_window);
  out.rules.max_age = seconds(settings.greylist_max_age);
  out.rules.allow_after = settings.greylist_auto_allowlist_clients;
  out.rules.allow_interval = seconds(settings.greylist_auto_allowlist_interval);
  out.rules.throttle = settings.greylist_source_throttle;
  out.rules.trap_time = seconds(settings.greylist_trap_time);
  out.ipv4_prefix = settings.greylist_ipv4_prefix_length;
  out.ipv6_prefix = settings.greylist_ipv6_prefix_length;
  out.hashed = settings.greylist_privacy == "hmac";
  out.by_name = settings.greylist_identity == "name";
  out.text = settings.greylist_text;
  out.header = settings.greylist_header;
  out.hostname = settings.myhostname;
  out.trap_code = settings.greylist_trap_reject_code;
  out.learning = settings.greylist_trap_learning;
  out.delimiters = settings.recipient_delimiter;
  return out;
}

log::Settings make_log_settings(const Settings& settings) {
  log::Settings out;
  out.syslog_name = settings.syslog_name;
  out.hostname = settings.myhostname.substr(0, settings.myhostname.find('.'));
  out.pid = static_cast<std::uint32_t>(::getpid());
  out.form = (settings.log_format == config::LogForm::Json) ? log::Form::Json : log::Form::Postfix;
  return out;
}

std::vector<std::string> find_faults(const Settings& settings) {
  std::vector<std::string> out;
  const std::vector<Network> mynetworks = networks_in(settings.mynetworks);
  for (const Service service : server::kAllServices) {
    if (listen_addresses(settings, service).empty()) continue;
    const auto rules = restrictions(service_settings(settings, service).smtpd_relay_restrictions);
    const auto fault = policy::find_open_relay(rules, mynetworks);
    if (!fault) continue;
    const std::string_view name = server::kServiceNames[static_cast<std::size_t>(service)];
    out.push_back("service " + std::string(name) + ": " + *fault);
  }
  for (std::string& fault : find_transport_faults(settings)) out.push_back(std::move(fault));
  const policy::User probe{.name = "user@example.com", .home = "/home/user"};
  const Result<std::string> location = policy::expand_mail_location(settings.mail_location, probe);
  if (!location) out.push_back(location.error().detail);
  for (const std::string& entry : settings.authorized_submit_users) {
    if (policy::is_submitter_entry(entry)) continue;
    out.push_back("authorized_submit_users: " + printable(entry, limits::kLogText) +
                  ": expected a login name or static:anyone, with or without !");
  }
  bool listening = false;
  for (const Service service : server::kAllServices) {
    listening = listening || !listen_addresses(settings, service).empty();
  }
  if (!listening) out.emplace_back("no service has an address to listen on: set smtp_listen");
  return out;
}

}  // namespace gatepost::app
