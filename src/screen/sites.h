// SPDX-License-Identifier: Apache-2.0
// screen: which DNS lists are asked about a client, and what each answer is worth.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"

namespace gatepost::screen {

/// Which A records an entry means: `127.0.0.[2..11;14]`, a number or a set for each octet. Without
/// one: every record.
class AddressPattern {
 public:
  /// Matches every IPv4 address.
  AddressPattern() = default;
  [[nodiscard]] static Result<AddressPattern> parse(std::string_view text);

  [[nodiscard]] bool matches(const IpAddress& address) const;
  bool operator==(const AddressPattern&) const = default;

 private:
  struct Range {
    std::uint8_t octet = 0;  // Which of the four.
    std::uint8_t low = 0;
    std::uint8_t high = 0;
    bool operator==(const Range&) const = default;
  };
  Result<void> add(std::uint8_t octet, std::string_view text);

  std::vector<Range> ranges_;  // Empty: all; else one at least for each octet.
};

/// As valid_hostname() of Postfix: a number is no top-level domain, so that an address is no name.
[[nodiscard]] bool is_host_name(std::string_view name);

/// One word of postscreen_dnsbl_sites: `domain[=pattern][*weight]`.
struct Site {
  std::string zone;  ///< In lower case, without a dot at its end.
  AddressPattern pattern;
  std::int32_t weight = 1;  ///< Of a list of the good ones: negative.
  bool operator==(const Site&) const = default;
};

/// Errors quote the word and say what was expected.
[[nodiscard]] Result<Site> parse_site(std::string_view word);

/// All entries by zone, so that a zone named many times is asked once.
class Sites {
 public:
  static constexpr std::size_t kMostZones = 64;  ///< A set of zones is a word with a bit for each.
  static constexpr std::size_t kMostEntries = 1024;
  static constexpr std::int32_t kMostWeight = 1'000'000;  ///< All entries together fit in 32 bits.

  struct Entry {
    AddressPattern pattern;
    std::int32_t weight = 1;
    bool operator==(const Entry&) const = default;
  };
  struct Zone {
    std::string name;
    std::vector<Entry> entries;  ///< As they were written.
    /// Of the entries that count against a client, and of those that speak for it.
    [[nodiscard]] std::int32_t positive() const;
    [[nodiscard]] std::int32_t negative() const;
    bool operator==(const Zone&) const = default;
  };

  /// An error when there are too many.
  Result<void> add(Site site);
  [[nodiscard]] std::span<const Zone> zones() const { return zones_; }
  [[nodiscard]] std::size_t size() const { return zones_.size(); }
  [[nodiscard]] bool empty() const { return zones_.empty(); }
  /// kMostZones when there is none. `zone` is spelled as Site::zone is.
  [[nodiscard]] std::size_t find(std::string_view zone) const;
  bool operator==(const Sites&) const = default;

 private:
  std::vector<Zone> zones_;
  std::size_t entries_ = 0;
};

/// The value of postscreen_dnsbl_sites, of which a list has made words.
[[nodiscard]] Result<Sites> parse_sites(std::span<const std::string> words);

/// A set of zones, by their place in Sites.
using ZoneSet = std::uint64_t;
[[nodiscard]] constexpr ZoneSet zone_bit(std::size_t zone) {
  return ZoneSet{1} << zone;
}
[[nodiscard]] constexpr ZoneSet all_zones(std::size_t count) {
  return count >= Sites::kMostZones ? ~ZoneSet{0} : zone_bit(count) - 1;
}

}  // namespace gatepost::screen
