// SPDX-License-Identifier: Apache-2.0
// spf: a record as a value (RFC 7208 sections 4.5, 4.6 and 12).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"

namespace gatepost::spf {

/// A longer one is an error: the longest in use have 4 kB, what one UDP answer may carry.
inline constexpr std::size_t kMostRecord = std::size_t{8} * 1024;

enum class Mechanism : std::uint8_t { All, Include, A, Mx, Ptr, Ip4, Ip6, Exists };

struct Term {
  Mechanism mechanism = Mechanism::All;
  char qualifier = '+';  ///< One of + - ~ ?
  /// Of ip4 and ip6 the network's; of a and mx that for what is found.
  std::uint8_t prefix4 = 32;
  std::uint8_t prefix6 = 128;
  IpAddress address;   ///< Of ip4 and ip6, as written: its host bits may be set.
  std::string domain;  ///< domain-spec, unexpanded; empty: the domain of the record.

  /// `address` of the client's family, at the prefix for that family.
  [[nodiscard]] bool covers(const IpAddress& address_found, const IpAddress& client) const;
  /// As written in a record, without the qualifier `+`: for the log.
  [[nodiscard]] std::string text() const;
};

struct Record {
  std::vector<Term> terms;
  std::string redirect;     ///< domain-spec; empty: none.
  std::string explanation;  ///< The same, of exp=.
};

/// True when `text` begins with the version: only such a TXT record is one of ours.
[[nodiscard]] bool is_record(std::string_view text);
/// The whole record is judged before any of it is used (section 4.6). Error: Permanent, and the
/// text says which word.
[[nodiscard]] Result<Record> parse_record(std::string_view text);

/// The one record among the TXT records of a name. An error, Permanent, when there are several or
/// it is broken; an empty optional when there is none.
struct Selected {
  bool found = false;
  Record record;
};
[[nodiscard]] Result<Selected> select_record(const std::vector<std::string>& texts);

}  // namespace gatepost::spf
