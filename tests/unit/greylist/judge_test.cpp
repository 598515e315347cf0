// SPDX-License-Identifier: Apache-2.0
// greylist: is it time yet?
#include "greylist/judge.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::greylist;

namespace {

constexpr Stamp kNow = kEarliest + 200 * 86'400;
const Rules kRules;

/// What is known after one has been judged.
void keep(Known& known, const Judgement& judged) {
  if (judged.keep) known.triplet = judged.keep;
  if (judged.keep_client) known.client = judged.keep_client;
}

}  // namespace

TEST_CASE("a triplet waits for the delay, then passes for good", "[greylist]") {
  Known known;
  Judgement judged = judge(kRules, known, kNow);
  CHECK(judged.reason == Reason::New);
  CHECK(judged.seconds == 300);
  keep(known, judged);
  judged = judge(kRules, known, kNow + 100);
  CHECK(judged.reason == Reason::Early);
  CHECK(judged.seconds == 200);
  keep(known, judged);
  judged = judge(kRules, known, kNow + 300);
  CHECK(judged.reason == Reason::Found);
  CHECK(judged.fresh);
  CHECK(judged.seconds == 300);
  keep(known, judged);
  judged = judge(kRules, known, kNow + 301);
  CHECK(judged.reason == Reason::Found);
  CHECK_FALSE(judged.fresh);
  // Nothing is written for each message of one that writes often.
  CHECK_FALSE(judged.keep);
  CHECK(judge(kRules, known, kNow + 300 + 3600).keep);
}

TEST_CASE("who comes back after the retry window begins anew", "[greylist]") {
  Known known;
  keep(known, judge(kRules, known, kNow));
  CHECK(judge(kRules, known, kNow + 2 * 86'400).reason == Reason::Found);
  const Judgement late = judge(kRules, known, kNow + 2 * 86'400 + 1);
  CHECK(late.reason == Reason::New);
  CHECK(late.keep->first == kNow + 2 * 86'400 + 1);
}

TEST_CASE("a triplet that was silent for its greatest age begins anew", "[greylist]") {
  Known known;
  known.triplet = Triplet{kNow - 100 * 86'400, kNow - 35 * 86'400, true};
  CHECK(judge(kRules, known, kNow).reason == Reason::Found);
  CHECK(judge(kRules, known, kNow + 1).reason == Reason::New);
}

TEST_CASE("a client is allowed after so many triplets, counted once in an interval", "[greylist]") {
  Known known;
  Stamp now = kNow;
  for (std::uint32_t n = 1; n <= 5; ++n) {
    // The second of each pair comes within the interval.
    for (int again = 0; again < 2; ++again) {
      known.triplet = Triplet{now - 300, now - 300, false};
      const Judgement judged = judge(kRules, known, now);
      CHECK(judged.reason == (n == 5 && again == 1 ? Reason::Allowed : Reason::Found));
      CHECK(judged.allowlisted == (n == 5 && again == 0));
      keep(known, judged);
      CHECK(known.client->count == n);
      now += 10;
    }
    now += 3600;
  }
  CHECK(known.client->count == 5);
  known.triplet.reset();
  const Judgement judged = judge(kRules, known, now);
  CHECK(judged.reason == Reason::Allowed);
  CHECK(judged.keep_client->count == 6);
  CHECK_FALSE(judged.keep);
  Rules never = kRules;
  never.allow_after = 0;
  CHECK(judge(never, known, now).reason == Reason::New);
  CHECK(judge(kRules, known, now + 36 * 86'400).reason == Reason::New);
}

TEST_CASE("a network with many that wait gets no more rows", "[greylist]") {
  Known known;
  known.waiting = {19, 399, 1999};
  CHECK(judge(kRules, known, kNow).reason == Reason::New);
  known.waiting = {20, 20, 20};
  const Judgement judged = judge(kRules, known, kNow);
  CHECK(judged.reason == Reason::Throttled);
  CHECK(judged.seconds == 300);
  CHECK_FALSE(judged.keep);
  // What waits already goes on waiting, and passes.
  known.triplet = Triplet{kNow - 300, kNow, false};
  CHECK(judge(kRules, known, kNow).reason == Reason::Found);
  known.triplet.reset();
  Rules none = kRules;
  none.throttle = 0;
  CHECK(judge(none, known, kNow).reason == Reason::New);
}

TEST_CASE("a known client, and one of a network whose mail passed, is no flood", "[greylist]") {
  Known known;
  known.waiting = {20, 399, 1999};
  CHECK(judge(kRules, known, kNow).reason == Reason::Throttled);
  known.proven_net = true;
  CHECK(judge(kRules, known, kNow).reason == Reason::New);
  // But for rows without end.
  known.waiting.fresh = 400;
  CHECK(judge(kRules, known, kNow).reason == Reason::Throttled);
  known.proven_net = false;
  known.client = Client{1, kNow};
  CHECK(judge(kRules, known, kNow).reason == Reason::New);
  known.waiting.all = 2000;
  CHECK(judge(kRules, known, kNow).reason == Reason::Throttled);
}

TEST_CASE("who wrote to a trap is put off, unless it is known for good mail", "[greylist]") {
  Known known;
  known.trapped_until = kNow + 50;
  known.triplet = Triplet{kNow - 5000, kNow - 4000, true};
  CHECK(judge(kRules, known, kNow).reason == Reason::Trapped);
  CHECK(judge(kRules, known, kNow).seconds == 50);
  CHECK(judge(kRules, known, kNow + 50).reason == Reason::Found);
  known.client = Client{5, kNow};
  CHECK(judge(kRules, known, kNow).reason == Reason::Allowed);
  known.client.reset();
  known.trapped_until = kNow + 1'000'000'000;
  CHECK(judge(kRules, known, kNow).reason == Reason::Found);
}

TEST_CASE("a trap catches whoever writes to it, but known good clients", "[greylist]") {
  Known known;
  known.to_trap = true;
  const Judgement judged = judge(kRules, known, kNow);
  CHECK(judged.reason == Reason::Trapped);
  CHECK(judged.caught);
  CHECK(judged.seconds == 86'400);
  known.client = Client{5, kNow};
  CHECK_FALSE(judge(kRules, known, kNow).caught);
}

TEST_CASE("where there is no room for a triplet nobody waits", "[greylist]") {
  Known known;
  known.full = true;
  CHECK(judge(kRules, known, kNow).passes());
  CHECK_FALSE(judge(kRules, known, kNow).keep);
  known.triplet = Triplet{kNow - 10, kNow - 10, false};
  CHECK(judge(kRules, known, kNow).reason == Reason::Early);
}

TEST_CASE("stamps of a clock that was wrong make nobody wait for years", "[greylist]") {
  Known known;
  known.triplet = Triplet{kNow + 1'000'000, kNow + 1'000'000, false};
  Judgement judged = judge(kRules, known, kNow);
  CHECK(judged.reason == Reason::New);
  CHECK(judged.keep->first == kNow);
  // Of 1970: what has passed has passed, what waits begins now.
  known.triplet = Triplet{100, 500, true};
  judged = judge(kRules, known, kNow);
  CHECK(judged.reason == Reason::Found);
  CHECK(judged.keep->last == kNow);
  known.triplet = Triplet{100, 200, false};
  CHECK(judge(kRules, known, kNow).reason == Reason::New);
  CHECK_FALSE(is_stale(kRules, {100, 200, true}, kNow));
  CHECK_FALSE(is_stale(kRules, {kNow, kNow, true}, 5000));
  CHECK(is_stale(kRules, {kNow, kNow, true}, kNow + 36 * 86'400));
  CHECK(is_stale(kRules, {kNow, kNow, false}, kNow + 3 * 86'400));
  CHECK_FALSE(is_stale(kRules, {kNow, kNow, true}, kNow + 3 * 86'400));
}

TEST_CASE("a delay of nothing lets the first attempt pass", "[greylist]") {
  Rules rules = kRules;
  rules.delay = 0;
  const Judgement judged = judge(rules, {}, kNow);
  CHECK(judged.reason == Reason::Found);
  CHECK(judged.fresh);
}
