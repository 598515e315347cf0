// SPDX-License-Identifier: Apache-2.0
// dns: names as they are asked for.
#include "dns/names.h"

#include <algorithm>

#include "base/text.h"

namespace gatepost::dns {
namespace {

constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_printable(char c) {
  return c > ' ' && c <= '~';
}

}  // namespace

std::optional<std::string> parse_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > kLongestName) return std::nullopt;
  std::string_view rest = name;
  for (;;) {
    const std::size_t dot = rest.find('.');
    const std::size_t length = std::min(dot, rest.size());
    if (length == 0 || length > kLongestLabel) return std::nullopt;
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  return lower(name);
}

std::string format_escaped(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (is_printable(c) && c != '\\') {
      out += c;
      continue;
    }
    const unsigned octet = static_cast<unsigned char>(c);
    out += '\\';
    out += static_cast<char>('0' + octet / 100);
    out += static_cast<char>('0' + octet / 10 % 10);
    out += static_cast<char>('0' + octet % 10);
  }
  return out;
}

std::optional<std::string> parse_escaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      out += text[at];
      continue;
    }
    if (++at == text.size()) return std::nullopt;
    char octet = text[at];
    if (is_digit(octet)) {
      const std::string_view digits = text.substr(at, 3);
      if (digits.size() < 3 || !std::all_of(digits.begin(), digits.end(), is_digit))
        return std::nullopt;
      const int value = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
      if (value > 255) return std::nullopt;
      octet = static_cast<char>(value);
      at += 2;
    }
    if (octet == '.') return std::nullopt;
    out += octet;
  }
  if (out.ends_with('.')) out.pop_back();
  return lower(out);
}

bool is_plain(std::string_view name) {
  return std::all_of(name.begin(), name.end(), is_printable);
}

}  // namespace gatepost::dns
