// SPDX-License-Identifier: Apache-2.0
// server: what the sessions need from the settings; immutable once made.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "policy/access.h"
#include "policy/dns_rules.h"
#include "policy/relay.h"
#include "screen/score.h"
#include "screen/settings.h"
#include "server/directory.h"
#include "smtp/server_session.h"

namespace gatepost::server {

/// The three listeners that stand in for master.cf.
enum class Service : std::uint8_t { Smtp, Submission, Submissions };
inline constexpr std::size_t kServices = 3;
inline constexpr std::array kAllServices{Service::Smtp, Service::Submission, Service::Submissions};
inline constexpr std::array<std::string_view, kServices> kServiceNames{"smtp", "submission",
                                                                       "submissions"};

/// How clients are talked to: those of a service, or those under test.
struct Manners {
  std::string footer;             ///< smtpd_reject_footer
  std::string allowed;            ///< smtpd_expansion_filter, without its escapes
  smtp::ExtensionSet hidden = 0;  ///< smtpd_discard_ehlo_keywords
};

/// One service's settings.
struct ServiceProfile {
  Service service = Service::Smtp;
  smtp::SessionSettings session;
  bool wrapper_tls = false;     ///< smtpd_tls_wrappermode: TLS from the first octet
  bool log_tls = true;          ///< smtpd_tls_loglevel is not 0
  bool tls_in_received = true;  ///< smtpd_tls_received_header
  std::vector<policy::Restriction> relay_rules;      ///< smtpd_relay_restrictions
  std::vector<policy::Restriction> client_rules;     ///< smtpd_client_restrictions
  std::vector<policy::Restriction> helo_rules;       ///< smtpd_helo_restrictions
  std::vector<policy::Restriction> sender_rules;     ///< smtpd_sender_restrictions
  std::vector<policy::Restriction> recipient_rules;  ///< smtpd_recipient_restrictions
  bool login_in_received = false;                    ///< smtpd_sasl_authenticated_header
  bool hide_client = false;                          ///< smtpd_hide_client_session
  std::uint32_t auth_rate = 0;                       ///< smtpd_client_auth_rate_limit; 0: none
  std::uint32_t connection_rate = 0;                 ///< smtpd_client_connection_rate_limit
  std::uint32_t message_rate = 0;                    ///< smtpd_client_message_rate_limit
  std::uint32_t recipient_rate = 0;                  ///< smtpd_client_recipient_rate_limit
  std::uint32_t tls_rate = 0;                        ///< smtpd_client_new_tls_session_rate_limit
  policy::RelayCodes relay_codes;
  policy::DnsRuleSettings dns_rules;
  std::uint16_t unknown_local_code = 550;
  std::uint16_t unknown_virtual_code = 550;
  std::uint16_t unknown_relay_code = 550;
  std::uint16_t unknown_alias_code = 550;
  bool show_table_name = true;            ///< show_user_unknown_table_name
  bool proxied = false;                   ///< A header of the PROXY protocol comes first.
  Duration proxy_time{5'000};             ///< smtpd_upstream_proxy_timeout and its kin
  std::uint32_t client_connections = 50;  ///< smtpd_client_connection_count_limit; 0: none

  /// Mail comes from people, not from other hosts (RFC 6409).
  [[nodiscard]] bool is_submission() const { return service != Service::Smtp; }
  [[nodiscard]] bool has_auth() const {
    return !session.auth_mechanisms.empty() || !session.auth_mechanisms_tls.empty();
  }
  [[nodiscard]] std::string_view name() const {
    return kServiceNames[static_cast<std::size_t>(service)];
  }
};

/// All that a session holds on to from the moment it begins; a reload makes a new one.
struct Profile {
  std::array<ServiceProfile, kServices> services;
  std::uint16_t mailbox_full_code = 552;  ///< mailbox_full_reject_code
  std::string hostname;                   ///< myhostname
  std::string mail_name;                  ///< in Received: by HOST (mail_name)
  std::string myorigin;                   ///< completes an address without a domain
  std::string queue_directory;
  std::string mail_root;  ///< the fixed front of mail_location: its file system is watched
  std::uint64_t queue_minfree = 0;
  std::uint32_t sessions = 0;  ///< All connections together; 0: none
  unsigned ipv4_prefix = 32;   ///< smtpd_client_ipv4_prefix_length
  unsigned ipv6_prefix = 84;   ///< smtpd_client_ipv6_prefix_length
  Duration shutdown_grace{10'000};
  Duration rate_time{60'000};     ///< anvil_rate_time_unit
  bool ban_tells = true;          ///< ban_reject = 421, not drop
  bool screened = false;          ///< postscreen_enable
  screen::Settings screen;        ///< Of the service smtp.
  screen::Thresholds thresholds;  ///< Of DNS lists.
  std::array<Manners, kAudiences> manners;
  std::uint32_t screened_connections = 0;  ///< postscreen_client_connection_count_limit; 0: none
  std::shared_ptr<Directory> directory;

  [[nodiscard]] const ServiceProfile& of(Service service) const {
    return services[static_cast<std::size_t>(service)];
  }
};

}  // namespace gatepost::server
