// SPDX-License-Identifier: Apache-2.0
// support: messages of the domain name system, octet by octet; not by the library under test.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::support {

namespace wire {

inline std::string u16(unsigned value) {
  return {static_cast<char>(value >> 8U & 0xFFU), static_cast<char>(value & 0xFFU)};
}
inline std::string u32(std::uint32_t value) {
  return u16(value >> 16U) + u16(value & 0xFFFFU);
}
/// Without compression.
inline std::string name(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view label = text.substr(0, text.find('.'));
    out += static_cast<char>(label.size());
    out += label;
    text.remove_prefix(std::min(label.size() + 1, text.size()));
  }
  out += '\0';
  return out;
}
inline std::string strings(std::string_view text) {
  std::string out;
  do {
    const std::string_view piece = text.substr(0, 255);
    out += static_cast<char>(piece.size());
    out += piece;
    text.remove_prefix(piece.size());
  } while (!text.empty());
  return out;
}

}  // namespace wire

enum : unsigned {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kPtr = 12,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28
};
enum : unsigned { kNoError = 0, kServFail = 2, kNxDomain = 3, kRefused = 5 };

/// One record, ready for the wire.
inline std::string record(std::string_view owner,
                          unsigned type,
                          std::uint32_t ttl,
                          const std::string& data) {
  return wire::name(owner) + wire::u16(type) + wire::u16(1) + wire::u32(ttl) +
         wire::u16(static_cast<unsigned>(data.size())) + data;
}
inline std::string a_record(std::string_view owner, std::uint32_t ttl, std::string_view octets) {
  return record(owner, kA, ttl, std::string(octets));
}
inline std::string soa_record(std::string_view owner, std::uint32_t ttl, std::uint32_t minimum) {
  return record(owner, kSoa, ttl,
                wire::name("ns.test") + wire::name("root.test") + wire::u32(1) + wire::u32(2) +
                    wire::u32(3) + wire::u32(4) + wire::u32(minimum));
}

/// A whole answer.
struct Reply {
  unsigned code = kNoError;
  std::vector<std::string> answers{};
  std::vector<std::string> authority{};
  bool truncated = false;
  bool silent = false;
  bool garbage = false;
  unsigned add_to_id = 0;
  std::string other_name{};  ///< The question said to have been asked, when not empty.

  [[nodiscard]] std::string text(unsigned id, std::string_view name, unsigned type) const {
    if (garbage) return wire::u16(id) + "\xff\xff\xff\xff garbage";
    std::string out = wire::u16(id + add_to_id);
    out += wire::u16(0x8180U | (truncated ? 0x0200U : 0U) | code);
    out += wire::u16(1) + wire::u16(static_cast<unsigned>(truncated ? 0 : answers.size())) +
           wire::u16(static_cast<unsigned>(authority.size())) + wire::u16(0);
    out += wire::name(other_name.empty() ? name : std::string_view(other_name)) + wire::u16(type) +
           wire::u16(1);
    if (!truncated)
      for (const std::string& one : answers) out += one;
    for (const std::string& one : authority) out += one;
    return out;
  }
};

}  // namespace gatepost::support
