// SPDX-License-Identifier: Apache-2.0
// base: base64.
#include "base/base64.h"

#include <cstdint>

namespace gatepost {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// 64 for what is no digit. Arithmetic, not a table: what is decoded may be a password, and a
// table's cache lines would tell of it.
constexpr std::uint32_t value_of(char c) {
  const auto octet = static_cast<std::uint32_t>(static_cast<unsigned char>(c));
  const auto within = [octet](std::uint32_t first, std::uint32_t last) {
    return static_cast<std::uint32_t>(octet >= first && octet <= last);
  };
  return 64U - within('A', 'Z') * (64U - (octet - 'A')) -
         within('a', 'z') * (64U - (octet - 'a' + 26U)) -
         within('0', '9') * (64U - (octet - '0' + 52U)) - within('+', '+') * 2U -
         within('/', '/') * 1U;
}

static_assert(value_of('A') == 0 && value_of('z') == 51 && value_of('9') == 61);
static_assert(value_of('+') == 62 && value_of('/') == 63 && value_of('=') == 64);

}  // namespace

std::string encode_base64(std::string_view octets) {
  std::string out;
  out.reserve((octets.size() + 2) / 3 * 4);
  for (; !octets.empty(); octets.remove_prefix(octets.size() < 3 ? octets.size() : 3)) {
    const std::size_t count = octets.size() < 3 ? octets.size() : 3;
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8U | (i < count ? static_cast<unsigned char>(octets[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out.push_back(i <= count ? kDigits[(bits >> (18U - 6U * i)) & 63U] : '=');
    }
  }
  return out;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  text.remove_suffix(padding);
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  std::uint32_t worst = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::uint32_t value = value_of(c);
    worst |= value;
    bits = bits << 6U | (value & 63U);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<char>(bits >> held & 255U));
      bits &= (1U << held) - 1U;
    }
  }
  if ((worst & 64U) != 0 || bits != 0) return std::nullopt;
  return out;
}

}  // namespace gatepost
