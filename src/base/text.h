// SPDX-License-Identifier: Apache-2.0
// base: ASCII text, independent of any locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost {

[[nodiscard]] constexpr char to_lower(char c) {
  return (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] constexpr char to_upper(char c) {
  return (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
}
[[nodiscard]] constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
[[nodiscard]] constexpr bool is_alnum(char c) {
  return is_digit(c) || is_alpha(c);
}
/// Space, tab, CR, LF, VT, FF: what separates words in files and commands.
[[nodiscard]] constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string upper(std::string_view text);
/// Equal but for the case of ASCII letters.
[[nodiscard]] bool iequals(std::string_view a, std::string_view b);
[[nodiscard]] bool istarts_with(std::string_view text, std::string_view prefix);
/// Without white space at both ends. Borrows from `text`.
[[nodiscard]] std::string_view trim(std::string_view text);
/// The words between any of `separators`; empty words are left out. Borrows from `text`.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text,
                                                  std::string_view separators);
/// The next such word, taken off the front of `text`; empty when there is none left.
[[nodiscard]] std::string_view take_word(std::string_view& text, std::string_view separators);

/// The whole of `text` as an unsigned decimal number; nothing when it is anything else
/// or does not fit.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);
[[nodiscard]] std::string format_number(std::uint64_t value);

/// Peer text made safe for one line of a log or a header comment: everything outside
/// printable ASCII becomes '?', and what is longer than `most` octets is cut.
[[nodiscard]] std::string printable(std::string_view text, std::size_t most);

/// True when `text` is well-formed UTF-8 (RFC 3629 section 4): no overlong forms, no surrogates.
[[nodiscard]] bool is_utf8(std::string_view text);
[[nodiscard]] bool is_ascii(std::string_view text);

/// How many single edits (insert, drop, change, swap neighbours) lead from a to b; used to
/// suggest the name that was meant. Bounded: names longer than 128 octets count as far apart.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace gatepost
