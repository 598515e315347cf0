// SPDX-License-Identifier: Apache-2.0
// bans: how many connections of a client come in a short time.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"

namespace gatepost::bans {

/// "20/10s": the twentieth connection within ten seconds is one too many.
struct BurstLimit {
  std::uint32_t hits = 0;  ///< 0: no limit.
  Duration time{};
  bool operator==(const BurstLimit&) const = default;

  static constexpr std::uint32_t kMostHits = 1000;
  static constexpr Duration kLongest{3'600'000};
  /// Empty, or HITS/TIME, 1 to kMostHits and 1s to kLongest; a bare TIME counts seconds.
  [[nodiscard]] static Result<BurstLimit> parse(std::string_view text);
};

/// Counts as these two rules do together:
///
///   -m recent --set
///   -m recent --update --seconds TIME --hitcount HITS -j DROP
///
/// Each connection leaves a stamp, and one that is refused leaves a second. So the window refreshes:
/// who goes on trying stays out until it is under HITS in TIME, its refused attempts counted twice.
class Burst {
 public:
  /// Clients remembered; then the one that was not seen for longest is forgotten. (The kernel's
  /// ip_list_tot is 100.)
  static constexpr std::size_t kMostClients = 2048;

  /// What counts together: a client's network at one listener.
  struct Key {
    std::uint8_t group = 0;
    IpAddress client;                              ///< Masked.
    auto operator<=>(const Key&) const = default;  // NOLINT(modernize-use-nullptr): clang 14
  };

  /// Of new settings; what was counted is forgotten where they differ.
  void configure(const BurstLimit& limit);
  /// A connection: true when it is one too many. `now` never goes back.
  [[nodiscard]] bool is_too_many(const Key& key, Instant now);
  [[nodiscard]] std::size_t clients() const { return index_.size(); }
  [[nodiscard]] const BurstLimit& limit() const { return limit_; }

 private:
  // The newest `hits` stamps decide: there are as many in the window if the oldest of them is.
  struct Entry {
    Key key;
    std::vector<Instant> stamps;  // A ring once it holds `hits`.
    std::size_t next = 0;
  };
  using Entries = std::list<Entry>;
  Entry& find(const Key& key);
  void stamp(Entry& entry, Instant now) const;
  [[nodiscard]] bool is_full(const Entry& entry, Instant now) const;

  BurstLimit limit_;
  Entries entries_;  // The one last seen first.
  std::map<Key, Entries::iterator> index_;
};

}  // namespace gatepost::bans
