// SPDX-License-Identifier: Apache-2.0
// config: what must hold between settings.
#include "config/checks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/format.h"
#include "base/text.h"

namespace gatepost::config {

namespace {

/// One round of checks; the names in messages are those of the file.
class Checks {
 public:
  Checks(Settings& settings, const Document& document, const std::string& file, Findings& findings)
      : settings_(settings), document_(document), file_(file), findings_(findings) {}

  void run() {
    derive_listen();
    check_listeners();
    check_domains();
    check_keys();
    check_sni();
    check_proxies();
    check_greylist();
    check_limits(settings_.smtp, "smtp");
    check_limits(settings_.submission, "submission");
    check_limits(settings_.submissions, "submissions");
  }

 private:
  [[nodiscard]] bool is_set(std::string_view name) const {
    return document_.find("", name) != nullptr;
  }

  void say(Severity severity, std::string_view name, std::string text) {
    const Assignment* assignment = document_.find("", name);
    findings_.add({severity, file_, assignment != nullptr ? assignment->line : 0,
                   format("{}: {}", name, text)});
  }

  void derive_listen() {
    const bool wanted = is_set("inet_interfaces") || is_set("inet_protocols");
    if (!wanted) return;
    if (is_set("smtp_listen")) {
      say(Severity::Note, is_set("inet_interfaces") ? "inet_interfaces" : "inet_protocols",
          "without effect, because smtp_listen is set");
      return;
    }
    constexpr std::uint16_t kSmtp = 25;
    std::vector<Endpoint> out;
    for (const std::string& word : settings_.inet_interfaces) {
      for (const IpAddress& address : interface_addresses(word)) {
        const bool four = address.is_v4();
        const Families wanted_family = settings_.inet_protocols;
        if (wanted_family == (four ? Families::Ipv6 : Families::Ipv4)) continue;
        const Endpoint endpoint{address, kSmtp};
        if (std::find(out.begin(), out.end(), endpoint) == out.end()) out.push_back(endpoint);
      }
    }
    if (out.empty() && !findings_.has_errors()) {
      say(Severity::Error, "inet_interfaces",
          "no address is left to listen at under inet_protocols");
    }
    settings_.smtp_listen = std::move(out);
  }

  std::vector<IpAddress> interface_addresses(std::string_view word) {
    const IpAddress any4;
    const IpAddress any6 = IpAddress::v6({});
    std::array<std::uint8_t, 16> one{};
    one[15] = 1;
    const IpAddress loop4 = IpAddress::v4({127, 0, 0, 1});
    if (iequals(word, "all")) return {any4, any6};
    if (iequals(word, "loopback-only") || iequals(word, "localhost"))
      return {loop4, IpAddress::v6(one)};
    const bool bracketed = word.size() > 2 && word.front() == '[' && word.back() == ']';
    const auto address = IpAddress::parse(bracketed ? word.substr(1, word.size() - 2) : word);
    if (address) return {*address};
    say(Severity::Error, "inet_interfaces",
        format(
            "\"{}\": expected all, loopback-only, localhost or addresses; names are not looked up, "
            "smtp_listen takes ADDRESS:PORT",
            printable(word, 100)));
    return {};
  }

  void check_listeners() {
    struct Listener {
      std::string_view name;
      const std::vector<Endpoint>& endpoints;
    };
    const std::array<Listener, 3> all{Listener{"smtp_listen", settings_.smtp_listen},
                                      Listener{"submission_listen", settings_.submission_listen},
                                      Listener{"submissions_listen", settings_.submissions_listen}};
    bool any = false;
    for (std::size_t i = 0; i < all.size(); ++i) {
      any = any || !all[i].endpoints.empty();
      for (std::size_t k = 0; k < i; ++k) {
        for (const Endpoint& endpoint : all[i].endpoints) {
          const auto& other = all[k].endpoints;
          if (std::find(other.begin(), other.end(), endpoint) == other.end()) continue;
          say(Severity::Error, all[i].name,
              format("{} is in {} already", endpoint.text(), all[k].name));
        }
      }
    }
    if (!any && !findings_.has_errors())
      say(Severity::Warning, "smtp_listen", "no service listens anywhere");
  }

  void check_domains() {
    struct List {
      std::string_view name;
      const tables::Patterns& patterns;
    };
    const std::array<List, 3> all{
        List{"mydestination", settings_.mydestination},
        List{"virtual_mailbox_domains", settings_.virtual_mailbox_domains},
        List{"relay_domains", settings_.relay_domains}};
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (const tables::Pattern& pattern : all[i].patterns) {
        const auto* word = std::get_if<std::string>(&pattern.what);
        for (std::size_t k = 0; word != nullptr && !pattern.negated && k < i; ++k) {
          if (holds(all[k].patterns, *word)) {
            say(Severity::Warning, all[i].name,
                format("\"{}\" is in {} too, which counts", *word, all[k].name));
          }
        }
      }
    }
  }

  static bool holds(const tables::Patterns& patterns, std::string_view word) {
    return std::any_of(patterns.begin(), patterns.end(), [word](const tables::Pattern& pattern) {
      const auto* other = std::get_if<std::string>(&pattern.what);
      return other != nullptr && !pattern.negated && *other == word;
    });
  }

  void check_keys() {
    const auto lonely = [this](std::string_view key_name, const std::string& key,
                               std::string_view certificate_name, const std::string& certificate) {
      if (!key.empty() && certificate.empty()) {
        say(Severity::Error, key_name,
            format("a key without its certificate: expected {} too", certificate_name));
      }
    };
    lonely("smtpd_tls_key_file", settings_.smtpd_tls_key_file, "smtpd_tls_cert_file",
           settings_.smtpd_tls_cert_file);
    lonely("smtpd_tls_eckey_file", settings_.smtpd_tls_eckey_file, "smtpd_tls_eccert_file",
           settings_.smtpd_tls_eccert_file);
    const bool separate =
        !settings_.smtpd_tls_cert_file.empty() || !settings_.smtpd_tls_eccert_file.empty();
    if (!settings_.smtpd_tls_chain_files.empty() && separate) {
      say(Severity::Warning, "smtpd_tls_chain_files",
          "is set, so that smtpd_tls_cert_file and smtpd_tls_eccert_file have no effect");
    }
  }

  void check_sni() {
    for (const tables::Spec& spec : settings_.tls_server_sni_maps) {
      if (spec.type == tables::Type::Indexed || spec.type == tables::Type::Inline) continue;
      say(Severity::Error, "tls_server_sni_maps",
          format("\"{}\": expected a table whose names can be listed, as hash:/etc/gatepost/sni",
                 spec.text()));
    }
  }

  void check_proxies() {
    if (!settings_.proxy_protocol_peers.empty()) return;
    struct Service {
      std::string_view name;
      const ServiceSettings& settings;
    };
    const std::array<Service, 3> all{Service{"smtp", settings_.smtp},
                                     Service{"submission", settings_.submission},
                                     Service{"submissions", settings_.submissions}};
    const auto refuse = [this](std::size_t line, std::string_view name) {
      findings_.add({Severity::Error, file_, line,
                     format("{}: expected proxy_protocol_peers too, the addresses of the proxies: "
                            "anybody else could say to be any client",
                            name)});
    };
    constexpr std::string_view kFront = "postscreen_upstream_proxy_protocol";
    if (!settings_.postscreen_upstream_proxy_protocol.empty()) refuse(line_of({}, kFront), kFront);
    constexpr std::string_view kName = "smtpd_upstream_proxy_protocol";
    for (const Service& one : all) {
      if (one.settings.smtpd_upstream_proxy_protocol.empty()) continue;
      return refuse(line_of(one.name, kName), kName);
    }
  }

  void check_greylist() {
    constexpr std::string_view kWindow = "greylist_retry_window";
    constexpr std::string_view kAge = "greylist_max_age";
    constexpr std::string_view kHeader = "greylist_header";
    constexpr std::chrono::hours kHour{1};
    // postgrey counts both in days, and a number alone means seconds here.
    const auto warn = [this](std::string_view name, std::string_view usual) {
      say(Severity::Warning, name,
          format(
              "so short that most mail is put off again and again: expected {} or the like, with "
              "its unit",
              usual));
    };
    if (settings_.greylist_retry_window <= settings_.greylist_delay) {
      say(Severity::Error, is_set(kWindow) ? kWindow : "greylist_delay",
          "nobody could pass: expected a greylist_retry_window longer than greylist_delay");
    } else if (settings_.greylist_retry_window < kHour) {
      warn(kWindow, "2d");
    }
    if (settings_.greylist_max_age < 24 * kHour) warn(kAge, "35d");
    const std::string& header = settings_.greylist_header;
    const std::string_view name = std::string_view(header).substr(0, header.find(':'));
    const bool field =
        name.size() < header.size() && !name.empty() &&
        std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
    if (!header.empty() && !field) {
      say(Severity::Error, kHeader, "expected a header field, as X-Greylist: delayed %t seconds");
    }
  }

  void check_limits(const ServiceSettings& service, std::string_view name) {
    if (service.smtpd_tls_wrappermode && service.smtpd_tls_security_level == TlsLevel::None) {
      findings_.add({Severity::Error, file_, line_of(name, "smtpd_tls_security_level"),
                     format("{}.smtpd_tls_security_level: none contradicts smtpd_tls_wrappermode = "
                            "yes: expected may or "
                            "encrypt",
                            name)});
    }
    if (service.smtpd_hard_error_limit < service.smtpd_soft_error_limit) {
      findings_.add({Severity::Note, file_, line_of(name, "smtpd_hard_error_limit"),
                     "smtpd_hard_error_limit is below smtpd_soft_error_limit: clients are hung up "
                     "on without delays before"});
    }
  }

  [[nodiscard]] std::size_t line_of(std::string_view service, std::string_view name) const {
    const Assignment* own = document_.find(service, name);
    const Assignment* found = own != nullptr ? own : document_.find("", name);
    return found != nullptr ? found->line : 0;
  }

  Settings& settings_;
  const Document& document_;
  const std::string& file_;
  Findings& findings_;
};

}  // namespace

void settle(Settings& settings,
            const Document& document,
            const std::string& file,
            Findings& findings) {
  Checks(settings, document, file, findings).run();
}

}  // namespace gatepost::config
