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
  const std::uint64_t now_at = level(scores, key, limit, now) + kOne;
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

bool AuthThrottle::is_open(const Attempt& attempt, Instant now) const {
  const std::uint32_t clients = attempt.exempt ? 0 : settings_.client_limit;
  const std::uint32_t users = is_vouched(attempt, now) ? 0 : settings_.user_limit;
  const auto full = [this, now](const Scores& scores, const std::string& key, std::uint32_t limit) {
    return limit > 0 && level(scores, key, limit, now) + kOne > limit * kOne;
  };
  return !full(clients_, attempt.client.text(), clients) &&
         !full(users_, key_of(attempt.user), users);
}

void AuthThrottle::failed(const Attempt& attempt, Instant now) {
  charge(clients_, attempt.client.text(), attempt.exempt ? 0 : settings_.client_limit, now);
  if (!is_vouched(attempt, now)) charge(users_, key_of(attempt.user), settings_.user_limit, now);
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
