// SPDX-License-Identifier: Apache-2.0
// policy: failed logins make more failed logins slow, and then pointless.
#include "policy/auth_throttle.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::policy {
namespace {

constexpr std::uint64_t kOne = 1000;

// Names longer than any user's share a row.
std::string key_of(std::string_view user) {
  return lower(user.substr(0, limits::kPath));
}

std::string pair_of(const AuthThrottle::Attempt& attempt) {
  return attempt.client.text() + ' ' + key_of(attempt.user);
}

}  // namespace

std::uint64_t AuthThrottle::level(const Scores& scores,
                                  std::string_view key,
                                  std::uint32_t limit,
                                  Instant now) const {
  const auto found = scores.find(key);
  if (found == scores.end()) return 0;
  const auto passed = std::chrono::duration_cast<Duration>(now - found->second.at).count();
  const auto time = static_cast<std::uint64_t>(settings_.time.count());
  // Beyond the time nothing is left of the fullest score; before it no product overflows.
  if (passed < 0) return found->second.level;
  if (static_cast<std::uint64_t>(passed) >= 2 * time) return 0;
  const std::uint64_t drained = static_cast<std::uint64_t>(passed) * limit * kOne / time;
  return found->second.level - std::min(found->second.level, drained);
}

IpAddress AuthThrottle::network_of(const IpAddress& client) {
  return client.masked(client.is_v4() ? 32 : 64);
}

void AuthThrottle::charge(Scores& scores, std::string_view key, std::uint32_t limit, Instant now) {
  if (limit == 0) return;
  // Never more than full: who is let try beyond the limit does not prolong it.
  const std::uint64_t now_at = std::min(level(scores, key, limit, now) + kOne, limit * kOne);
  if (scores.size() >= kMostRows && scores.find(key) == scores.end()) {
    make_room(scores, limit, now);
  }
  scores.insert_or_assign(std::string(key), Score{now_at, now});
}

// An attacker with many networks must not push out the rows of a guesser at work: what is nearly
// empty goes first, an eighth at a time, so that the walk is rare.
void AuthThrottle::make_room(Scores& scores, std::uint32_t limit, Instant now) const {
  for (std::uint64_t floor = 0; scores.size() > kMostRows - kMostRows / 8;
       floor = floor * 2 + kOne) {
    for (auto at = scores.begin(); at != scores.end();) {
      const bool out = level(scores, at->first, limit, now) <= floor;
      at = out ? scores.erase(at) : std::next(at);
      if (scores.size() <= kMostRows - kMostRows / 8) return;
    }
  }
}

bool AuthThrottle::is_vouched(const Attempt& attempt, Instant now) const {
  const auto found = good_.find(pair_of(attempt));
  return found != good_.end() && now - found->second < kVouch;
}

bool AuthThrottle::full(const Scores& scores,
                        std::string_view key,
                        std::uint32_t limit,
                        Instant now) const {
  return limit > 0 && level(scores, key, limit, now) + kOne > limit * kOne;
}

// One place, so that what a place is allowed; where places are not counted, as a user.
std::uint32_t AuthThrottle::pair_limit(const Attempt& attempt) const {
  const bool counted = !attempt.exempt && settings_.client_limit > 0;
  return counted ? settings_.client_limit : settings_.user_limit;
}

bool AuthThrottle::is_open(const Attempt& attempt, Instant now) const {
  if (is_vouched(attempt, now)) return !full(pairs_, pair_of(attempt), pair_limit(attempt), now);
  const std::string client = attempt.client.text();
  const std::uint32_t clients = attempt.exempt ? 0 : settings_.client_limit;
  if (full(clients_, client, clients, now)) return false;
  return !full(users_, key_of(attempt.user), settings_.user_limit, now) ||
         !full(failed_, client, 1, now);
}

// A vouched user's failures count for the network too: beyond them it is to guess at nobody else.
void AuthThrottle::failed(const Attempt& attempt, Instant now) {
  const std::string client = attempt.client.text();
  charge(clients_, client, attempt.exempt ? 0 : settings_.client_limit, now);
  charge(failed_, client, 1, now);
  if (is_vouched(attempt, now)) {
    charge(pairs_, pair_of(attempt), pair_limit(attempt), now);
  } else {
    charge(users_, key_of(attempt.user), settings_.user_limit, now);
  }
}

void AuthThrottle::succeeded(const Attempt& attempt, Instant now) {
  if (good_.size() >= kMostRows) {
    const auto oldest =
        std::min_element(good_.begin(), good_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    good_.erase(oldest);
  }
  good_.insert_or_assign(pair_of(attempt), now);
}

Duration AuthThrottle::delay(const Attempt& attempt, Instant now) const {
  const std::uint32_t limit = settings_.client_limit;
  if (attempt.exempt || limit == 0) return Duration::zero();
  const std::uint64_t failures = level(clients_, attempt.client.text(), limit, now) / kOne;
  constexpr Duration kFirst{250};
  const auto doublings = static_cast<int>(std::min<std::uint64_t>(failures, 5));
  return std::min(kMostDelay, Duration(kFirst.count() * (1 << doublings)));
}

}  // namespace gatepost::policy
