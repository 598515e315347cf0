// SPDX-License-Identifier: Apache-2.0
// greylist: is it time yet? A pure function of what is known and what time it is.
#include "greylist/judge.h"

#include <algorithm>

namespace gatepost::greylist {
namespace {

/// A row that is read often is not written as often: ages are counted in days.
constexpr std::int64_t kSeenAgain = 3600;

/// Once in an interval, so that one burst of mail does not make a client known.
std::optional<Client> counted(const Rules& rules, const std::optional<Client>& client, Stamp now) {
  if (!client) return Client{1, now};
  const Stamp last = plausible(client->last, now);
  const bool wrong = last != client->last;
  if (!wrong && now < last + rules.allow_interval) return std::nullopt;
  const std::uint32_t count = client->count + (client->count < UINT32_MAX ? 1 : 0);
  return Client{count, now};
}

Judgement judge_triplet(const Rules& rules,
                        Triplet row,
                        const std::optional<Client>& client,
                        Stamp now) {
  Judgement out;
  if (row.passed && is_stale(rules, row, now)) row = Triplet{now, now, false};
  if (row.passed) {
    out.reason = Reason::Found;
    const Stamp last = plausible(row.last, now);
    if (last != row.last || now - last >= kSeenAgain) out.keep = Triplet{row.first, now, true};
    return out;
  }
  row.first = plausible(row.first, now);
  // One that came back too late is as new: a queue would have tried in time.
  if (now - row.first > rules.retry_window) row.first = now;
  row.last = now;
  const std::int64_t missing = rules.delay - (now - row.first);
  row.passed = missing <= 0;
  out.keep = row;
  if (!row.passed) {
    out.reason = row.first == now ? Reason::New : Reason::Early;
    out.seconds = missing;
    return out;
  }
  out.reason = Reason::Found;
  out.fresh = true;
  out.seconds = now - row.first;
  if (rules.allow_after > 0) {
    out.keep_client = counted(rules, client, now);
    out.allowlisted = out.keep_client && out.keep_client->count == rules.allow_after;
  }
  return out;
}

}  // namespace

Judgement judge(const Rules& rules, const Known& known, Stamp now) {
  Judgement out;
  const bool outdated =
      is_sane(now) && known.client && now - plausible(known.client->last, now) > rules.max_age;
  const std::optional<Client> client = outdated ? std::nullopt : known.client;
  const bool allowed = rules.allow_after > 0 && client && client->count >= rules.allow_after;
  if (allowed) {
    out.reason = Reason::Allowed;
    out.keep_client = counted(rules, client, now);
    return out;
  }
  if (known.to_trap) {
    out.reason = Reason::Trapped;
    out.caught = true;
    out.seconds = rules.trap_time;
    return out;
  }
  if (known.trapped_until) {
    // A clock that was ahead when it was written traps nobody for years.
    const std::int64_t rest = *known.trapped_until - now;
    if (rest > 0 && rest <= rules.trap_time) {
      out.reason = Reason::Trapped;
      out.seconds = rest;
      return out;
    }
  }
  if (!known.triplet && is_flood(rules, known.waiting, client.has_value(), known.proven_net)) {
    out.reason = Reason::Throttled;
    out.seconds = rules.delay;
    return out;
  }
  if (!known.triplet && known.full) {
    out.reason = Reason::Full;
    return out;
  }
  return judge_triplet(rules, known.triplet.value_or(Triplet{now, now, false}), client, now);
}

bool is_flood(const Rules& rules, const Waiting& waiting, bool known, bool proven_net) {
  if (rules.throttle == 0) return false;
  const std::uint64_t most = rules.throttle;
  if (waiting.all >= most * kMostWaiting) return true;
  if (known) return false;
  return waiting.fresh >= most * kMostFresh || (!proven_net && waiting.senders >= most);
}

std::int64_t fresh_time(const Rules& rules) {
  constexpr std::int64_t kQueueTime = 4 * 3600;
  return std::max(4 * rules.delay, kQueueTime);
}

bool is_stale(const Rules& rules, const Triplet& triplet, Stamp now) {
  if (!is_sane(now)) return false;
  const std::int64_t age = now - plausible(triplet.last, now);
  return age > (triplet.passed ? rules.max_age : rules.retry_window);
}

}  // namespace gatepost::greylist
