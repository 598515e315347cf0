// SPDX-License-Identifier: Apache-2.0
// bans: how many connections of a client come in a short time.
#include "bans/burst.h"

#include "base/text.h"

namespace gatepost::bans {
namespace {

Error fault() {
  return {Cause::Permanent,
          "expected HITS/TIME, such as 20/10s (1 to 1000 in 1s to 1h), or nothing"};
}

}  // namespace

Result<BurstLimit> BurstLimit::parse(std::string_view text) {
  BurstLimit out;
  if (text.empty()) return out;
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return fault();
  const auto hits = parse_number(text.substr(0, slash));
  std::string_view time = text.substr(slash + 1);
  std::uint64_t unit = 1;
  if (!time.empty() && !is_digit(time.back())) {
    const char last = time.back();
    if (last != 's' && last != 'm' && last != 'h') return fault();
    unit = last == 's' ? 1 : (last == 'm' ? 60 : 3600);
    time.remove_suffix(1);
  }
  const auto count = parse_number(time);
  if (!hits || !count || *hits < 1 || *hits > kMostHits) return fault();
  constexpr std::uint64_t kMostSeconds = kLongest.count() / 1000;
  if (*count < 1 || *count > kMostSeconds || *count * unit > kMostSeconds) return fault();
  out.hits = static_cast<std::uint32_t>(*hits);
  out.time = std::chrono::seconds(*count * unit);
  return out;
}

void Burst::configure(const BurstLimit& limit) {
  if (limit == limit_) return;
  limit_ = limit;
  index_.clear();
  entries_.clear();
}

Burst::Entry& Burst::find(const Key& key) {
  if (const auto at = index_.find(key); at != index_.end()) {
    entries_.splice(entries_.begin(), entries_, at->second);
    return entries_.front();
  }
  if (index_.size() >= kMostClients) {
    index_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({key, {}, 0});
  index_.emplace(key, entries_.begin());
  return entries_.front();
}

void Burst::stamp(Entry& entry, Instant now) const {
  if (entry.stamps.size() < limit_.hits) {
    entry.stamps.push_back(now);
    return;
  }
  entry.stamps[entry.next] = now;
  entry.next = (entry.next + 1) % entry.stamps.size();
}

// A stamp exactly TIME old still counts, as in xt_recent.
bool Burst::is_full(const Entry& entry, Instant now) const {
  if (entry.stamps.size() < limit_.hits) return false;
  return now - entry.stamps[entry.next] <= limit_.time;
}

bool Burst::is_too_many(const Key& key, Instant now) {
  if (limit_.hits == 0) return false;
  Entry& entry = find(key);
  stamp(entry, now);
  const bool out = is_full(entry, now);
  if (out) stamp(entry, now);
  return out;
}

}  // namespace gatepost::bans
