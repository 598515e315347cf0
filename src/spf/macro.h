// SPDX-License-Identifier: Apache-2.0
// spf: macros (RFC 7208 section 7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/time.h"

namespace gatepost::spf {

/// Longest text that macros may grow to. A name has 253 octets, a reply 510.
inline constexpr std::size_t kMostExpanded = std::size_t{8} * 1024;

enum class MacroUse : std::uint8_t {
  Name,  ///< In a record: no spaces, and not the letters c, r and t.
  Text,  ///< An explanation.
};

/// What the letters stand for. Borrowed while expanding.
struct MacroValues {
  std::string_view local;          ///< l; `postmaster` where the sender has none.
  std::string_view sender_domain;  ///< o
  std::string_view domain;         ///< d
  std::string_view helo;           ///< h
  std::string_view validated;      ///< p
  std::string_view receiver;       ///< r
  IpAddress address;               ///< i, c, v
  Moment now;                      ///< t
};

/// macro-string of section 7.1, or explain-string.
[[nodiscard]] bool is_macro_string(std::string_view text, MacroUse use);
/// domain-spec: as above, and ends in a macro or in a dot and a top label.
[[nodiscard]] bool is_domain_spec(std::string_view text);
/// True where p occurs, whose value costs questions.
[[nodiscard]] bool uses_validated_name(std::string_view text);

/// `text` is a macro string for `use`. Nothing when it grows past kMostExpanded.
[[nodiscard]] std::optional<std::string> expand(std::string_view text, const MacroValues& values);
/// As a name to ask for: without a dot at its end, and with labels taken off its front until it has
/// 253 octets. Nothing when it cannot be a name: an empty or overlong label.
[[nodiscard]] std::optional<std::string> expand_name(std::string_view text,
                                                     const MacroValues& values);

/// Labels of 1 to 63 octets, 253 at most in all.
[[nodiscard]] bool is_name(std::string_view name);
/// `name` is `domain` or lies below it; in any case of letters.
[[nodiscard]] bool lies_in(std::string_view name, std::string_view domain);

}  // namespace gatepost::spf
