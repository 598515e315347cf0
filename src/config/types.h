// SPDX-License-Identifier: Apache-2.0
// config: the types of settings: what each is in the program, and which names a choice has.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bans/burst.h"
#include "bans/firewall.h"
#include "bans/rules.h"
#include "base/address.h"
#include "base/time.h"
#include "screen/score.h"
#include "screen/settings.h"
#include "screen/sites.h"
#include "tables/pattern.h"
#include "tables/spec.h"

namespace gatepost::config {

/// smtpd_tls_security_level
enum class TlsLevel : std::uint8_t { None, May, Encrypt };
/// smtpd_tls_protocols: the oldest version offered; TLS 1.3 always is.
enum class TlsFloor : std::uint8_t { Tls12, Tls13 };
/// smtpd_forbid_bare_newline
enum class BareNewline : std::uint8_t { Normalize, Note, Reject };
/// log_format
enum class LogForm : std::uint8_t { Postfix, Json };
/// inet_protocols
enum class Families : std::uint8_t { All, Ipv4, Ipv6 };

/// smtpd_forbidden_commands
struct ForbiddenCommands {
  std::vector<std::string> verbs;  ///< In upper case.
  bool non_letters = false;        ///< What does not begin with a letter.
  bool operator==(const ForbiddenCommands&) const = default;
};

/// The kinds of values a row of keys.def may have. `Value` is what the member holds.
namespace kinds {
struct Bool {
  using Value = bool;
};
struct Count {
  using Value = std::uint32_t;
};
struct Octets {
  using Value = std::uint64_t;
};
/// An SMTP reply code, 4yz or 5yz.
struct Code {
  using Value = std::uint16_t;
};
/// Permissions of folders, in octal.
struct Mode {
  using Value = std::uint32_t;
};
/// A bare number counts seconds.
struct Time {
  using Value = Duration;
};
/// Any text on one line.
struct Text {
  using Value = std::string;
};
/// Text with $names that are not settings, but of a session; they are left as they are. A value
/// that is but `$name` is that setting.
struct Template {
  using Value = std::string;
};
/// A domain name, or /file with one on its first line.
struct Name {
  using Value = std::string;
};
/// Absolute; relative ones start at the folder of the file.
struct Path {
  using Value = std::string;
};
/// An absolute path with %u %n %d %h.
struct MailLocation {
  using Value = std::string;
};
/// A Path, or /dev/stdout.
struct Log {
  using Value = std::string;
};
/// One word, such as a user of the system.
struct Word {
  using Value = std::string;
};
/// A list without /file and tables.
struct Words {
  using Value = std::vector<std::string>;
};
/// A list of words, some with a DNS list behind them: "reject_rbl_client bl.example=127.0.0.2", and
/// each perhaps with "warn_if_reject " in front.
struct Restrictions {
  using Value = std::vector<std::string>;
};
/// A list, in upper case.
struct Keywords {
  using Value = std::vector<std::string>;
};
struct Paths {
  using Value = std::vector<std::string>;
};
struct Domains {
  using Value = tables::Patterns;
};
struct Networks {
  using Value = tables::Patterns;
};
struct Maps {
  using Value = std::vector<tables::Spec>;
};
struct Endpoints {
  using Value = std::vector<Endpoint>;
};
/// As Endpoints, for servers with a port that goes without saying.
struct DnsServers {
  using Value = std::vector<Endpoint>;
};
/// Endpoints, and absolute paths of sockets.
struct Places {
  using Value = std::vector<std::string>;
};
struct Commands {
  using Value = ForbiddenCommands;
};
/// What failing a test leads to.
struct Action {
  using Value = screen::Action;
};
/// postscreen_access_list: words and tables.
struct AccessList {
  using Value = tables::Patterns;
};
struct Negative {
  using Value = std::int32_t;
};
/// DNS lists with their patterns and weights.
struct Lists {
  using Value = screen::Sites;
};
/// Events in a time: 20/10s.
struct Burst {
  using Value = bans::BurstLimit;
};
struct BanRules {
  using Value = bans::Rules;
};
/// nft:FAMILY TABLE SET
struct Firewall {
  using Value = bans::Firewall;
};
struct OutagePolicy {
  using Value = screen::OutagePolicy;
};
struct TlsLevel {
  using Value = config::TlsLevel;
};
struct TlsFloor {
  using Value = config::TlsFloor;
};
struct BareNewline {
  using Value = config::BareNewline;
};
struct LogForm {
  using Value = config::LogForm;
};
struct Families {
  using Value = config::Families;
};
}  // namespace kinds

/// The three services that stand in for master.cf.
inline constexpr std::array<std::string_view, 3> kServiceNames{"smtp", "submission", "submissions"};

}  // namespace gatepost::config
