// SPDX-License-Identifier: Apache-2.0
// mail: xtext (RFC 3461 section 4), the form in which ENVID and ORCPT travel.
#include "mail/xtext.h"

#include "base/text.h"

namespace gatepost::mail {
namespace {

bool is_high(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char low = to_lower(c);
  return (low >= 'a' && low <= 'f') ? low - 'a' + 10 : -1;
}

}  // namespace

std::optional<std::string> parse_xtext(std::string_view xtext, bool utf8) {
  std::string out;
  out.reserve(xtext.size());
  for (std::size_t i = 0; i < xtext.size(); ++i) {
    const char c = xtext[i];
    if (c != '+') {
      const bool plain = c > ' ' && c <= '~' && c != '=';
      if (!plain && !(utf8 && is_high(c))) return std::nullopt;
      out.push_back(c);
      continue;
    }
    if (xtext.size() - i < 3) return std::nullopt;
    const int high = hex_value(xtext[i + 1]);
    const int low = hex_value(xtext[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

std::string format_xtext(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c > ' ' && c <= '~' && c != '+' && c != '=') {
      out.push_back(c);
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    out.push_back('+');
    out.push_back(kHex[octet >> 4U]);
    out.push_back(kHex[octet & 0x0FU]);
  }
  return out;
}

}  // namespace gatepost::mail
