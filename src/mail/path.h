// SPDX-License-Identifier: Apache-2.0
// mail: reverse-path and forward-path, local part and domain.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace gatepost::mail {

/// A mailbox: local-part "@" domain (RFC 5321 section 4.1.2). An empty local part with an
/// empty domain is the null reverse-path `<>`; an empty domain alone is the bare
/// `<postmaster>` or a name to be completed by policy.
struct Mailbox {
  std::string local;   ///< Unquoted: `"john smith"` is stored as `john smith`.
  std::string domain;  ///< As sent, or an address literal with its brackets.

  [[nodiscard]] bool empty() const { return local.empty() && domain.empty(); }
  /// The form for envelopes and logs: quoted where RFC 5321 needs it, without angle brackets.
  [[nodiscard]] std::string text() const;
  bool operator==(const Mailbox&) const = default;
};

enum class PathError : std::uint8_t {
  Syntax,     ///< Not a path at all: no brackets closed, bad characters.
  LocalPart,  ///< Longer than 64 octets or malformed.
  Domain,     ///< Longer than 255 octets or malformed.
  TooLong,    ///< The whole path is longer than 256 octets.
  NeedUtf8,   ///< Octets past ASCII without SMTPUTF8 (RFC 6531 section 3.4).
  BadUtf8,    ///< Octets past ASCII that are not UTF-8.
};

using PathResult = std::variant<Mailbox, PathError>;

struct PathRules {
  bool utf8 = false;    ///< SMTPUTF8 was given with MAIL.
  bool strict = false;  ///< strict_rfc821_envelopes: angle brackets needed.
  bool null = false;    ///< `<>` is allowed (reverse-path only).
};

/// Parses the path at the front of `text` and takes it off, leaving the ESMTP
/// parameters. Source routes are accepted and dropped (RFC 5321 section 4.1.2).
[[nodiscard]] PathResult parse_path(std::string_view& text, const PathRules& rules);

/// Parses a whole mailbox without brackets, as in files and commands.
[[nodiscard]] PathResult parse_mailbox(std::string_view text, const PathRules& rules);

/// True for a syntactically valid domain name (letters, digits, hyphens, dots, UTF-8 labels
/// when `utf8`), at most 255 octets, labels of at most 63; a final dot is not allowed.
[[nodiscard]] bool is_domain(std::string_view text, bool utf8);
/// True for `[192.0.2.1]` and `[IPv6:2001:db8::1]`.
[[nodiscard]] bool is_address_literal(std::string_view text);

}  // namespace gatepost::mail
