// SPDX-License-Identifier: Apache-2.0
// tests: what the answers of lists come to is what postscreen makes of them.
#include "screen/score.h"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::screen;
using namespace std::chrono_literals;

namespace {

Sites sites(std::vector<std::string> words) {
  auto out = parse_sites(words);
  if (!out) FAIL(out.error().detail);
  return *std::move(out);
}

struct Said {
  std::vector<IpAddress> addresses;
  ListAnswer answer;

  Said(std::initializer_list<const char*> texts, Duration ttl) {
    for (const char* text : texts) addresses.push_back(*IpAddress::parse(text));
    answer = {texts.size() > 0 ? ListAnswer::Kind::Listed : ListAnswer::Kind::NotListed,
              addresses,
              ttl,
              {}};
  }
  Said(const Said&) = delete;
};

Finding found(const Sites& all,
              std::size_t zone,
              std::initializer_list<const char*> texts,
              Duration ttl = 300s) {
  const Said said(texts, ttl);
  return find_weight(all.zones()[zone], said.answer);
}

}  // namespace

TEST_CASE("every entry of a zone that any record matches adds its weight once", "[screen][score]") {
  const Sites all = sites({"zen.example=127.0.0.2*3", "zen.example=127.0.0.[4..7]*4",
                           "zen.example=127.0.0.10*8", "zen.example*1"});
  const Finding one = found(all, 0, {"127.0.0.4", "127.0.0.5", "127.0.0.2"});
  CHECK(one.weight == 3 + 4 + 1);
  CHECK(one.largest == 4);
  CHECK(found(all, 0, {"127.0.0.99"}).weight == 1);
  CHECK(found(all, 0, {}).weight == 0);
  CHECK_FALSE(found(all, 0, {}).matched);
}

TEST_CASE("the total names the list with the largest single weight", "[screen][score]") {
  const Sites all = sites({"a.example*2", "b.example=127.0.0.2*2", "b.example=127.0.0.[2..3]*1",
                           "c.example*3", "good.example*-5"});
  std::vector<Finding> findings(4);
  CHECK(add_up(all, findings, ~ZoneSet{0}).named == Sites::kMostZones);
  findings[1] = found(all, 1, {"127.0.0.2"});
  findings[0] = found(all, 0, {"127.0.0.2"});
  Score score = add_up(all, findings, ~ZoneSet{0});
  CHECK(score.total == 5);
  CHECK(score.named == 0);  // Two with 2: the first of them, whatever they have together.
  CHECK(score.matched == 0b0011);
  findings[2] = found(all, 2, {"127.0.0.2"});
  findings[3] = found(all, 3, {"127.0.1.1"});
  score = add_up(all, findings, ~ZoneSet{0});
  CHECK(score.total == 3);
  CHECK(score.named == 2);
  CHECK(score.answered == 0b1111);
  CHECK(score.all_weight == 2 + 3 + 3);
  CHECK(score.heard_weight == 8);
}

TEST_CASE("only a list of the good ones is named where only it matches", "[screen][score]") {
  const Sites all = sites({"a.example*2", "good.example*-5"});
  const std::vector<Finding> findings{found(all, 0, {}), found(all, 1, {"127.0.1.1"})};
  CHECK(add_up(all, findings, ~ZoneSet{0}).named == 1);
}

TEST_CASE("what does not count or was not answered adds nothing", "[screen][score]") {
  const Sites all = sites({"a.example*2", "b.example*3", "c.example*4"});
  std::vector<Finding> findings{found(all, 0, {"127.0.0.2"}), found(all, 1, {"127.0.0.2"}),
                                Finding{}};
  CHECK(add_up(all, findings, ~ZoneSet{0}).total == 5);
  const Score score = add_up(all, findings, 0b101);
  CHECK(score.total == 2);
  CHECK(score.answered == 0b001);
  CHECK(score.heard_weight == 2);
  findings[2] = find_weight(all.zones()[2], ListAnswer{});
  CHECK(findings[2].kind == Finding::Kind::Failed);
  CHECK(add_up(all, findings, ~ZoneSet{0}).total == 5);
}

TEST_CASE("a pass lasts as long as what let the client pass", "[screen][score]") {
  const Sites all =
      sites({"a.example", "b.example=127.0.0.2", "good.example*-1", "good2.example*-1"});
  std::vector<Finding> findings(4);
  const auto lasts = [&] { return pass_lifetime(add_up(all, findings, ~ZoneSet{0}), 60s, 3600s); };
  CHECK(lasts() == 60s);
  findings[0] = found(all, 0, {}, 900s);
  CHECK(lasts() == 900s);
  findings[0] = found(all, 0, {}, 10s);
  CHECK(lasts() == 60s);
  findings[0] = found(all, 0, {}, 86400s);
  CHECK(lasts() == 3600s);
  findings[1] = found(all, 1, {"127.0.0.9"}, 800s);  // Listed, but for another reason.
  CHECK(lasts() == 800s);
  findings[1] = found(all, 1, {"127.0.0.2"}, 70s);
  CHECK(lasts() == 3600s);
  findings[2] = found(all, 2, {}, 70s);
  CHECK(lasts() == 3600s);
  findings[3] = found(all, 3, {"127.0.1.1"}, 700s);
  CHECK(lasts() == 700s);
  findings[3] = found(all, 3, {"127.0.1.1"}, 0s);  // Nobody said for how long.
  CHECK(lasts() == 3600s);
  findings[0] = found(all, 0, {}, 0s);
  CHECK(lasts() == 60s);
}

TEST_CASE("listed is at the threshold, allowed at a negative one", "[screen][score]") {
  Score score;
  score.total = 3;
  CHECK(rule(score, {.reject = 3}).listed);
  CHECK_FALSE(rule(score, {.reject = 4}).listed);
  score.total = -2;
  CHECK(rule(score, {.reject = 3, .allow = -2}).allowed);
  CHECK_FALSE(rule(score, {.reject = 3, .allow = -3}).allowed);
  CHECK_FALSE(rule(score, {.reject = 3, .allow = 0}).allowed);
}

TEST_CASE("three lists of 3, 2 and 1, of which the first is dead", "[screen][score]") {
  const Sites all = sites({"a.example*3", "b.example*2", "c.example*1"});
  std::vector<Finding> findings{Finding{}, found(all, 1, {}), found(all, 2, {})};
  const auto ruled = [&](OutagePolicy policy) {
    return rule(add_up(all, findings, 0b110), {.reject = 3, .outage = policy});
  };
  CHECK(ruled(OutagePolicy::GreylistInstead).doubtful);
  CHECK_FALSE(ruled(OutagePolicy::GreylistInstead).listed);
  CHECK_FALSE(ruled(OutagePolicy::FailOpen).doubtful);
  CHECK_FALSE(ruled(OutagePolicy::Scale).doubtful);
  CHECK(ruled(OutagePolicy::Scale).threshold == 2);  // 3 * 3 / 6, rounded up.
  findings[1] = found(all, 1, {"127.0.0.2"});
  CHECK(ruled(OutagePolicy::Scale).listed);
  CHECK_FALSE(ruled(OutagePolicy::FailOpen).listed);
  CHECK(ruled(OutagePolicy::GreylistInstead).threshold == 3);
}

TEST_CASE("scaling never makes a listing of nothing, nor doubt where none can be",
          "[screen][score]") {
  const Sites all = sites({"a.example*3", "b.example*2", "c.example*1"});
  std::vector<Finding> findings(3);
  const Ruling none = rule(add_up(all, findings, 0), {.reject = 3, .outage = OutagePolicy::Scale});
  CHECK(none.threshold == 1);
  CHECK_FALSE(none.listed);
  findings = {found(all, 0, {}), found(all, 1, {}), Finding{}};
  // The one that is missing weighs 1 of the 3 that are needed.
  CHECK_FALSE(rule(add_up(all, findings, 0b011), {.reject = 3}).doubtful);
  findings[1] = found(all, 1, {"127.0.0.2"});
  CHECK(rule(add_up(all, findings, 0b011), {.reject = 3}).doubtful);
  // A dead list of the good ones takes nothing but its own weight.
  const Sites good = sites({"a.example*3", "good.example*-2"});
  const std::vector<Finding> heard{found(good, 0, {"127.0.0.2"}), Finding{}};
  const Ruling ruling =
      rule(add_up(good, heard, 0b01), {.reject = 3, .outage = OutagePolicy::Scale});
  CHECK(ruling.threshold == 3);
  CHECK(ruling.listed);
}

TEST_CASE("who a list that was not heard could save is not turned away for good",
          "[screen][score]") {
  const Sites all = sites({"a.example*3", "b.example*1", "good.example*-2"});
  std::vector<Finding> findings{found(all, 0, {"127.0.0.2"}), found(all, 1, {}), Finding{}};
  const auto ruled = [&](OutagePolicy policy) {
    return rule(add_up(all, findings, 0b111), {.reject = 3, .outage = policy});
  };
  CHECK(ruled(OutagePolicy::GreylistInstead).deferred);
  CHECK(ruled(OutagePolicy::GreylistInstead).listed);
  CHECK_FALSE(ruled(OutagePolicy::FailOpen).listed);
  CHECK(ruled(OutagePolicy::Scale).listed);
  CHECK_FALSE(ruled(OutagePolicy::Scale).deferred);
  findings[2] = found(all, 2, {});
  CHECK_FALSE(ruled(OutagePolicy::GreylistInstead).deferred);
  // It is not much, and could not save it.
  findings = {found(all, 0, {"127.0.0.2"}), found(all, 1, {"127.0.0.2"}), Finding{}};
  CHECK_FALSE(rule(add_up(all, findings, 0b111), {.reject = 2}).deferred);
}
