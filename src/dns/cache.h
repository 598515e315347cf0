// SPDX-License-Identifier: Apache-2.0
// dns: answers while they are good.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/dns.h"
#include "base/time.h"

namespace gatepost::dns {

/// The least recently used go when there are too many. Costs are counted with what the allocator adds.
class Cache {
 public:
  struct Bounds {
    std::size_t entries = 4096;
    std::size_t octets = 512UL * 1024;
  };
  explicit Cache(Bounds bounds) : bounds_(bounds) {}

  /// With the time it is still good for as `ttl`.
  [[nodiscard]] std::optional<DnsAnswer> find(std::string_view key, Instant now);
  /// Takes the place of what was known under `key`.
  void put(std::string_view key, const DnsAnswer& answer, Instant until);
  void clear();

  [[nodiscard]] std::size_t entries() const { return index_.size(); }
  [[nodiscard]] std::size_t octets() const { return octets_; }

 private:
  struct Entry {
    std::string key;
    Instant until{};
    std::size_t octets = 0;
    DnsAnswer::Kind kind = DnsAnswer::Kind::Failed;
    std::string_view fault;
    /// Null when these say it all, as with most names of block lists.
    std::unique_ptr<const DnsAnswer> answer;
  };
  using Place = std::list<Entry>::iterator;
  using Index = std::vector<Place>;

  Index::iterator place_of(std::string_view key);
  void drop(Index::iterator where);

  Bounds bounds_;
  std::list<Entry> entries_;  ///< Last used first.
  Index index_;               ///< By key.
  std::size_t octets_ = 0;
};

}  // namespace gatepost::dns
