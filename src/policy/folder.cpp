// SPDX-License-Identifier: Apache-2.0
// policy: which folder of a mailbox the detail of an address names.
#include "policy/folder.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace gatepost::policy {
namespace {

constexpr std::size_t kMostOctets = 200;
constexpr auto kMostParts = 16;
constexpr std::string_view kForbidden = "/\\*%\"";

bool is_plain(char c) {
  return c >= 0x20 && c < 0x7f;
}

/// Takes one code point off well-formed UTF-8; 0 when it is not.
std::uint32_t take_code_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
  if (more == 0 || first > 0xf4 || text.size() <= more) return 0;
  std::uint32_t value = first & (0x3fU >> more);
  for (std::size_t n = 1; n <= more; ++n) {
    const auto octet = static_cast<unsigned char>(text[n]);
    if ((octet & 0xc0) != 0x80) return 0;
    value = (value << 6) | (octet & 0x3fU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kLeast[more] || value > 0x10ffff || surrogate || value < 0xa0) return 0;
  text.remove_prefix(more + 1);
  return value;
}

/// Base64 with a comma for the slash and without padding, over UTF-16 in network order.
class ShiftedText {
 public:
  explicit ShiftedText(std::string& out) : out_(out) { out_.push_back('&'); }

  void add(std::uint32_t code_point) {
    if (code_point < 0x10000) {
      add_unit(code_point);
      return;
    }
    code_point -= 0x10000;
    add_unit(0xd800 | (code_point >> 10));
    add_unit(0xdc00 | (code_point & 0x3ff));
  }
  void end() {
    if (bits_ > 0) put(held_ << (6 - bits_));
    out_.push_back('-');
  }

 private:
  void add_unit(std::uint32_t unit) {
    held_ = (held_ << 16) | unit;
    bits_ += 16;
    while (bits_ >= 6) {
      bits_ -= 6;
      put(held_ >> bits_);
    }
  }
  void put(std::uint64_t sextet) {
    constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    out_.push_back(kLetters[sextet & 63]);
  }

  std::string& out_;
  std::uint64_t held_ = 0;
  unsigned bits_ = 0;
};

}  // namespace

std::string folder_of(std::string_view detail) {
  if (detail.empty() || detail.size() > kMostOctets || detail.front() == '~') return {};
  if (iequals(detail, "Trash") || istarts_with(detail, "Trash.")) return {};
  if (iequals(detail, "INBOX") || istarts_with(detail, "INBOX.")) return {};
  if (detail.front() == '.' || detail.back() == '.' || detail.find("..") != detail.npos) return {};
  if (detail.find_first_of(kForbidden) != detail.npos) return {};
  if (std::count(detail.begin(), detail.end(), '.') >= kMostParts) return {};
  std::string out;
  while (!detail.empty()) {
    const char c = detail.front();
    if (is_plain(c)) {
      out.push_back(c);
      if (c == '&') out.push_back('-');
      detail.remove_prefix(1);
      continue;
    }
    ShiftedText shifted(out);
    while (!detail.empty() && !is_plain(detail.front())) {
      const std::uint32_t code_point = take_code_point(detail);
      if (code_point == 0) return {};
      shifted.add(code_point);
    }
    shifted.end();
  }
  return out.size() > kMostOctets ? std::string() : out;
}

}  // namespace gatepost::policy
