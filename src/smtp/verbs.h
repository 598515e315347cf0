// SPDX-License-Identifier: Apache-2.0
// smtp: the commands, one row each, and how a command line is taken apart.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gatepost::smtp {

/// In the order in which the disconnect line counts them, which is Postfix's.
enum class Verb : std::uint8_t {
  Helo,
  Ehlo,
  Starttls,
  Auth,
  Mail,
  Rcpt,
  Data,
  Bdat,
  Rset,
  Noop,
  Vrfy,
  Expn,
  Help,
  Quit,
  Unknown,
};
inline constexpr std::size_t kVerbs = static_cast<std::size_t>(Verb::Unknown) + 1;

/// When a command makes sense; what holds of the session is checked before the command runs.
struct VerbRow {
  Verb verb;
  std::string_view name;
  std::string_view syntax;     ///< What follows "Syntax: " when it is misused.
  bool before_tls = false;     ///< Allowed where TLS is required and not up (RFC 3207 section 4).
  bool last_in_group = false;  ///< The peer must await the reply (RFC 2920 section 3.1).
  bool junk = false;           ///< Counts towards smtpd_junk_command_limit.
  bool may_pipeline_smtp = false;  ///< May be followed by input even without ESMTP.
};

[[nodiscard]] std::span<const VerbRow, kVerbs> verbs();
[[nodiscard]] const VerbRow& verb_row(Verb verb);

/// A command line taken apart. Borrows from the line.
struct Command {
  Verb verb = Verb::Unknown;
  std::string_view word;       ///< The first word as sent; empty when the line is blank.
  std::string_view arguments;  ///< The rest, without white space at its ends.
};

/// Verbs are found in any case (RFC 5321 section 2.4).
[[nodiscard]] Command parse_command(std::string_view line);

/// True for `Subject:`, the first word of a header field: some other protocol, or a message
/// text out of place.
[[nodiscard]] bool looks_like_header(std::string_view word);

/// What a log shows in place of octets that may be credentials.
inline constexpr std::string_view kNotShown = "(not shown)";

/// Input of a peer, which begins with a line, as a log may show it: from the first line on that
/// begins with AUTH, in any case and behind anything but letters, kNotShown stands for all.
[[nodiscard]] std::string hide_credentials(std::string_view input);

}  // namespace gatepost::smtp
