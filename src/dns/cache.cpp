// SPDX-License-Identifier: Apache-2.0
// dns: answers while they are good.
#include "dns/cache.h"

#include <algorithm>
#include <utility>

namespace gatepost::dns {
namespace {

/// What the allocator takes for itself, and rounds up by.
constexpr std::size_t kBlock = 16;

std::size_t cost_of(const std::string& text) {
  // Short ones lie in the object.
  return text.capacity() < sizeof(std::string) / 2 ? 0 : text.capacity() + kBlock;
}

std::size_t cost_of(const DnsAnswer& answer) {
  std::size_t sum = sizeof(DnsAnswer) + 4 * kBlock;
  sum += answer.addresses.capacity() * sizeof(IpAddress);
  for (const std::string& text : answer.texts) sum += sizeof(std::string) + cost_of(text);
  for (const auto& one : answer.exchanges) sum += sizeof(one) + cost_of(one.host);
  return sum;
}

}  // namespace

Cache::Index::iterator Cache::place_of(std::string_view key) {
  return std::lower_bound(
      index_.begin(), index_.end(), key,
      [](const Place& one, std::string_view other) { return one->key < other; });
}

std::optional<DnsAnswer> Cache::find(std::string_view key, Instant now) {
  const auto where = place_of(key);
  if (where == index_.end() || (*where)->key != key) return std::nullopt;
  const Place entry = *where;
  if (entry->until <= now) {
    drop(where);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  DnsAnswer out;
  if (entry->answer) out = *entry->answer;
  out.kind = entry->kind;
  out.fault = entry->fault;
  out.ttl = std::chrono::ceil<Duration>(entry->until - now);
  return out;
}

void Cache::put(std::string_view key, const DnsAnswer& answer, Instant until) {
  auto where = place_of(key);
  if (where != index_.end() && (*where)->key == key) {
    drop(where);
    where = place_of(key);
  }
  Entry entry;
  entry.key = key;
  entry.until = until;
  entry.kind = answer.kind;
  entry.fault = answer.fault;
  // A node of the list, its place in the index, which may be half empty.
  entry.octets = sizeof(Entry) + 3 * kBlock + 2 * sizeof(Place) + cost_of(entry.key);
  if (answer.found()) {
    auto kept = std::make_unique<DnsAnswer>(answer);
    entry.octets += cost_of(*kept);
    entry.answer = std::move(kept);
  }
  octets_ += entry.octets;
  entries_.push_front(std::move(entry));
  index_.insert(where, entries_.begin());
  while (index_.size() > bounds_.entries || octets_ > bounds_.octets) {
    drop(place_of(entries_.back().key));
  }
}

void Cache::drop(Index::iterator where) {
  const Place entry = *where;
  octets_ -= entry->octets;
  index_.erase(where);
  entries_.erase(entry);
}

void Cache::clear() {
  index_.clear();
  entries_.clear();
  octets_ = 0;
}

}  // namespace gatepost::dns
