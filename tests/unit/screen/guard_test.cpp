// SPDX-License-Identifier: Apache-2.0
// tests: a list that is not in order is muted, told once, and condemns nobody.
#include "screen/guard.h"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::screen;
using namespace std::chrono_literals;

namespace {

using Kind = ListAnswer::Kind;

/// A guard with lists that say what is written here.
struct Desk {
  Guard guard;
  Instant now = Instant() + 1000h;
  GuardSettings settings;

  explicit Desk(std::vector<std::string> words, GuardSettings wanted = {})
      : guard(wanted), settings(wanted) {
    guard.configure(*parse_sites(words), wanted, now);
  }
  ListAnswer hear(std::size_t zone,
                  std::initializer_list<const char*> texts,
                  Duration took = 30ms) {
    std::vector<IpAddress> addresses;
    for (const char* text : texts) addresses.push_back(*IpAddress::parse(text));
    const ListAnswer answer{
        addresses.empty() ? Kind::NotListed : Kind::Listed, addresses, 300s, {}};
    ListAnswer out = guard.hear(zone, answer, took, now);
    out.addresses = {};
    return out;
  }
  void fail(std::size_t zone, Duration took = 10s) {
    static_cast<void>(guard.hear(zone, {Kind::Failed, {}, {}, "timeout"}, took, now));
  }
  /// What each test point is answered with; "" not listed, "-" not at all.
  struct Points {
    const char* listed = "127.0.0.2";
    const char* not_listed = "";
    const char* random = "";
    const char* listed_v6 = "";
  };
  /// False when none is due.
  bool probe(Points points, Duration took = 30ms) {
    const auto zone = guard.begin_probe(now);
    if (!zone) return false;
    const std::array said{points.listed, points.not_listed, points.random, points.listed_v6};
    for (std::size_t i = 0; i < kTestPoints.size(); ++i) {
      if (!guard.wants(*zone, kTestPoints[i])) continue;
      const std::string text = said[i];
      std::vector<IpAddress> addresses;
      if (const auto address = IpAddress::parse(text)) addresses.push_back(*address);
      const Kind kind = text == "-" ? Kind::Failed : text.empty() ? Kind::NotListed : Kind::Listed;
      guard.hear_probe(*zone, kTestPoints[i], {kind, addresses, 300s, {}}, took);
    }
    guard.end_probe(*zone, now);
    return true;
  }
  void prove_all() {
    while (probe({})) {
    }
    static_cast<void>(guard.take_notices());
  }
  [[nodiscard]] Guard::Status status(std::size_t zone = 0) const { return guard.status(zone, now); }
};

std::vector<std::string> one() {
  return {"zen.example*3"};
}

}  // namespace

TEST_CASE("codes that are about the question are told from listings", "[screen][guard]") {
  const auto code = [](std::string_view zone, const char* address) {
    return find_code(zone, *IpAddress::parse(address));
  };
  CHECK(code("zen.spamhaus.org", "127.255.255.254") == Fault::PublicResolver);
  CHECK(code("other.example", "127.255.255.255") == Fault::Overused);
  CHECK(code("other.example", "127.255.255.252") == Fault::Misspelled);
  CHECK(code("other.example", "127.255.255.7") == Fault::ErrorCode);
  CHECK(code("list.dnswl.org", "127.0.0.255") == Fault::Refused);
  CHECK(code("notdnswl.org", "127.0.0.255") == Fault::None);
  CHECK(code("multi.uribl.com", "127.0.0.1") == Fault::Refused);
  CHECK(code("hostkarma.example", "127.0.0.1") == Fault::None);
  CHECK(code("zen.spamhaus.org", "127.0.0.4") == Fault::None);
  CHECK(code("zen.spamhaus.org", "192.0.2.1") == Fault::Outside);
  CHECK(code("zen.spamhaus.org", "2001:db8::1") == Fault::Outside);
}

TEST_CASE("test points are named as RFC 5782 names them", "[screen][guard]") {
  CHECK(test_name(TestPoint::Listed, "l.example", 7) == "2.0.0.127.l.example");
  CHECK(test_name(TestPoint::NotListed, "l.example", 7) == "1.0.0.127.l.example");
  CHECK(test_name(TestPoint::Random, "l.example", 7) == "no-client-7.l.example");
  CHECK(test_name(TestPoint::ListedV6, "l.example", 7) ==
        "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.l.example");
}

TEST_CASE("a list is asked at once and counts when its probe was answered", "[screen][guard]") {
  Desk desk(one());
  CHECK(desk.guard.asking() == 1);
  CHECK(desk.guard.undecided() == 1);
  CHECK(desk.guard.counting() == 0);
  CHECK(desk.hear(0, {"127.0.0.2"}).kind == Kind::Listed);
  CHECK(desk.guard.counting() == 0);
  CHECK(desk.probe({}));
  CHECK(desk.guard.counting() == 1);
  CHECK(desk.guard.take_notices().empty());  // Nothing was wrong.
  CHECK_FALSE(desk.probe({}));
  CHECK(desk.guard.next_probe() == desk.now + Guard::kRoutine);
}

TEST_CASE("an error code mutes within one answer and is told once", "[screen][guard]") {
  for (const char* code : {"127.255.255.254", "127.255.255.1", "192.0.2.7", "::1"}) {
    CAPTURE(code);
    Desk desk(one());
    desk.prove_all();
    CHECK(desk.hear(0, {"127.0.0.2", code}).kind == Kind::Failed);
    CHECK(desk.guard.asking() == 0);
    CHECK(desk.guard.counting() == 0);
    CHECK_FALSE(desk.guard.may_ask(0, desk.now));
    CHECK(desk.hear(0, {code}).kind == Kind::Failed);
    const auto notices = desk.guard.take_notices();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].muted);
    CHECK(notices[0].code == *IpAddress::parse(code));
    CHECK(desk.status().state == Guard::State::Muted);
  }
}

TEST_CASE("a probe that goes wrong mutes", "[screen][guard]") {
  struct Row {
    Desk::Points points;
    Fault fault;
  };
  const std::vector<Row> rows{{{.listed = ""}, Fault::ListsNothing},
                              {{.not_listed = "127.0.0.2"}, Fault::ListsAll},
                              {{.random = "127.0.0.2"}, Fault::ListsAll},
                              {{.listed = "-"}, Fault::Silent},
                              {{.random = "-"}, Fault::Silent},
                              {{.listed = "192.0.2.9"}, Fault::Outside},
                              {{.listed = "127.255.255.254"}, Fault::PublicResolver}};
  for (const Row& row : rows) {
    CAPTURE(static_cast<int>(row.fault));
    Desk desk({"good.example*-3"});
    static_cast<void>(desk.hear(0, {"127.0.0.5"}));
    CHECK(desk.probe(row.points));
    CHECK(desk.guard.counting() == 0);
    const auto notices = desk.guard.take_notices();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].fault == row.fault);
  }
}

TEST_CASE("a list of IPv6 alone shows its own test point", "[screen][guard]") {
  Desk desk(one());
  CHECK(desk.probe({.listed = "", .listed_v6 = "127.0.0.2"}));
  CHECK(desk.guard.counting() == 1);
}

TEST_CASE("a muted list is probed less and less often until it is heard again", "[screen][guard]") {
  Desk desk(one());
  desk.prove_all();
  static_cast<void>(desk.hear(0, {"127.255.255.255"}));
  CHECK(desk.guard.take_notices().size() == 1);
  Duration wait = 1min;
  for (int i = 0; i < 9; ++i) {
    CHECK(desk.guard.next_probe() == desk.now + wait);
    CHECK_FALSE(desk.probe({}));
    desk.now = desk.guard.next_probe();
    CHECK(desk.probe({.listed = ""}));
    wait = std::min<Duration>(wait * 2, 1h);
  }
  CHECK(desk.guard.take_notices().empty());
  desk.now = desk.guard.next_probe();
  CHECK(desk.probe({}));
  const auto notices = desk.guard.take_notices();
  REQUIRE(notices.size() == 1);
  CHECK_FALSE(notices[0].muted);
  CHECK(notices[0].lasted > 4h);
  CHECK(desk.guard.counting() == 1);
  // One that comes and goes does not begin at a minute again.
  desk.now += 5min;
  static_cast<void>(desk.hear(0, {"127.255.255.255"}));
  CHECK(desk.guard.next_probe() == desk.now + 1h);
}

TEST_CASE("a list that is only silent is probed every five minutes at least", "[screen][guard]") {
  Desk desk(one());
  desk.prove_all();
  for (int i = 0; i < 5; ++i) desk.fail(0);
  for (const Duration wait : {1min, 2min, 4min, 5min, 5min}) {
    CHECK(desk.guard.next_probe() == desk.now + wait);
    desk.now = desk.guard.next_probe();
    CHECK(desk.probe({.listed = "-"}));
  }
  desk.now = desk.guard.next_probe();
  CHECK(desk.probe({}));
  // One that comes and goes as well.
  for (int i = 0; i < 5; ++i) desk.fail(0);
  CHECK(desk.guard.next_probe() == desk.now + 5min);
}

TEST_CASE("a probe that is dropped says nothing and comes again in seconds", "[screen][guard]") {
  Desk desk(one());
  REQUIRE(desk.guard.begin_probe(desk.now));
  desk.guard.drop_probe(0, desk.now);
  CHECK(desk.status().state == Guard::State::Untried);
  CHECK(desk.guard.next_probe() == desk.now + 10s);
  desk.now += 10s;
  REQUIRE(desk.guard.begin_probe(desk.now));
  // What clients were answered meanwhile weighs more.
  static_cast<void>(desk.hear(0, {"127.255.255.254"}));
  desk.guard.drop_probe(0, desk.now);
  CHECK(desk.guard.next_probe() == desk.now + 1min);
}

TEST_CASE("a list that was good for hours is muted for a minute only", "[screen][guard]") {
  Desk desk(one());
  desk.prove_all();
  for (int round = 0; round < 2; ++round) {
    desk.now += 3h;
    desk.prove_all();
    static_cast<void>(desk.hear(0, {"127.255.255.255"}));
    CHECK(desk.guard.next_probe() == desk.now + 1min);
    desk.now += 1min;
    CHECK(desk.probe({}));
  }
}

TEST_CASE("a listing by a list not looked at for minutes counts after its probe",
          "[screen][guard]") {
  Desk desk(one());
  desk.prove_all();
  desk.now += Guard::kTrust;
  CHECK(desk.hear(0, {}).kind == Kind::NotListed);
  CHECK(desk.guard.counting() == 1);
  CHECK(desk.hear(0, {"127.0.0.2"}).kind == Kind::Listed);
  CHECK(desk.guard.counting() == 0);
  CHECK(desk.guard.undecided() == 1);
  SECTION("it began to list the world") {
    CHECK(desk.probe({.not_listed = "127.0.0.2"}));
    CHECK(desk.guard.undecided() == 0);
    CHECK(desk.guard.counting() == 0);
  }
  SECTION("it is in order") {
    CHECK(desk.probe({}));
    CHECK(desk.guard.counting() == 1);
    CHECK(desk.guard.take_notices().empty());
    // While there are listings, it is looked at before there is a doubt.
    desk.now += Guard::kRenew;
    static_cast<void>(desk.hear(0, {"127.0.0.2"}));
    CHECK(desk.guard.counting() == 1);
    CHECK(desk.probe({}));
  }
}

TEST_CASE("answers that stay away mute, one that comes ends the row", "[screen][guard]") {
  Desk desk(one());
  desk.prove_all();
  for (int i = 0; i < 16; ++i) static_cast<void>(desk.hear(0, {}));
  for (int i = 0; i < 4; ++i) desk.fail(0);
  for (int i = 0; i < 9; ++i) static_cast<void>(desk.hear(0, {}));
  for (int i = 0; i < 4; ++i) desk.fail(0);
  CHECK(desk.guard.asking() == 1);
  desk.fail(0);
  CHECK(desk.guard.asking() == 0);
  CHECK(desk.guard.take_notices()[0].fault == Fault::Silent);
  CHECK(desk.status().error == "timeout");
}

TEST_CASE("errors at once have to go on for a while", "[screen][guard]") {
  Desk desk(one());
  desk.prove_all();
  for (int i = 0; i < 50; ++i) desk.fail(0, 1ms);
  CHECK(desk.guard.asking() == 1);
  desk.now += Guard::kSilence;
  desk.fail(0, 1ms);
  CHECK(desk.guard.asking() == 0);
}

TEST_CASE("a list of which half the answers are late is muted until it is quick",
          "[screen][guard]") {
  Desk desk(one(), {.slow = 6s});
  desk.prove_all();
  for (int i = 0; i < 7; ++i) static_cast<void>(desk.hear(0, {}, 7s));
  CHECK(desk.guard.asking() == 1);
  static_cast<void>(desk.hear(0, {}, 7s));
  CHECK(desk.guard.asking() == 0);
  CHECK(desk.guard.take_notices()[0].fault == Fault::Slow);
  CHECK(desk.status().median == 7s);
  desk.now += 1min;
  CHECK(desk.probe({}, 8s));
  CHECK(desk.guard.asking() == 0);
  desk.now += 2min;
  CHECK(desk.probe({}, 50ms));
  CHECK(desk.guard.asking() == 1);
}

TEST_CASE("a probe that was under way does not excuse a list that refuses clients' questions",
          "[screen][guard]") {
  Desk desk(one());
  const auto zone = desk.guard.begin_probe(desk.now);
  REQUIRE(zone);
  CHECK(desk.hear(0, {"127.255.255.254"}).kind == Kind::Failed);
  const std::array listed{*IpAddress::parse("127.0.0.2")};
  desk.guard.hear_probe(0, TestPoint::Listed, {Kind::Listed, listed, 300s, {}}, 30ms);
  desk.guard.hear_probe(0, TestPoint::NotListed, {Kind::NotListed, {}, 300s, {}}, 30ms);
  desk.guard.hear_probe(0, TestPoint::Random, {Kind::NotListed, {}, 300s, {}}, 30ms);
  desk.guard.end_probe(0, desk.now);
  CHECK(desk.status().state == Guard::State::Muted);
  CHECK(desk.guard.take_notices().size() == 1);
  CHECK(desk.guard.next_probe() == desk.now + Guard::kFirstWait);
  desk.now += Guard::kFirstWait;
  CHECK(desk.probe({}));
  CHECK(desk.status().state == Guard::State::Heard);
}

TEST_CASE("a list is asked as often as the limit of a day lets us", "[screen][guard]") {
  Desk desk(one(), {.daily_limit = 10});
  desk.prove_all();  // Three.
  int asked = 0;
  while (asked < 100 && desk.guard.may_ask(0, desk.now)) ++asked;
  CHECK(asked == 7);
  CHECK(desk.guard.asking() == 0);
  CHECK(desk.guard.take_notices()[0].fault == Fault::Limit);
  CHECK(desk.status().fault == "dnsbl_daily_query_limit is reached");
  CHECK(desk.guard.next_probe() == desk.now + 24h);
  desk.now += 24h;
  CHECK(desk.probe({}));
  CHECK(desk.guard.may_ask(0, desk.now));
  CHECK_FALSE(desk.guard.take_notices()[0].muted);
}

TEST_CASE("other settings keep what is known of lists of the same name", "[screen][guard]") {
  Desk desk({"a.example", "b.example", "c.example"});
  desk.prove_all();
  static_cast<void>(desk.hear(2, {"192.0.2.1"}));
  CHECK(desk.guard.counting() == 0b011);
  const std::vector<std::string> words{"new.example", "c.example*7", "a.example"};
  desk.guard.configure(*parse_sites(words), {}, desk.now);
  CHECK(desk.guard.undecided() == 0b001);
  CHECK(desk.guard.counting() == 0b100);
  CHECK(desk.guard.asking() == 0b101);
  CHECK(desk.guard.status(1, desk.now).state == Guard::State::Muted);
  CHECK(desk.guard.status(1, desk.now).zone == "c.example");
}

TEST_CASE("the state of a list is told in words and numbers", "[screen][guard]") {
  Desk desk({"zen.example=127.0.0.2*3", "zen.example=127.0.0.4*2"});
  desk.prove_all();
  for (int i = 0; i < 3; ++i) CHECK(desk.guard.may_ask(0, desk.now));
  static_cast<void>(desk.hear(0, {}, 20ms));
  static_cast<void>(desk.hear(0, {"127.0.0.2"}, 40ms));
  desk.fail(0, 60ms);
  desk.now += 90s;
  const Guard::Status status = desk.status();
  CHECK(status.zone == "zen.example");
  CHECK(status.positive == 5);
  CHECK(status.negative == 0);
  CHECK(status.state == Guard::State::Heard);
  CHECK(status.fault.empty());
  CHECK(status.for_time == 90s);
  CHECK(status.questions == 3);
  CHECK(status.hits == 1);
  CHECK(status.failures == 1);
  CHECK(status.median == 40ms);
  static_cast<void>(desk.hear(0, {"127.255.255.254"}));
  CHECK(desk.status().fault ==
        "answers 127.255.255.254: the list refuses questions through a public resolver; use a "
        "resolver of your own");
}

TEST_CASE("what a list said while it was in order counts when it becomes silent",
          "[screen][guard]") {
  Desk desk({"a.example", "b.example", "c.example"}, {.daily_limit = 4});
  desk.probe({});
  desk.probe({});
  for (int i = 0; i < 5; ++i) desk.fail(0);
  CHECK(desk.guard.may_ask(1, desk.now));
  CHECK_FALSE(desk.guard.may_ask(1, desk.now));
  desk.probe({.listed = "-"});  // The third was never in order.
  CHECK(desk.guard.asking() == 0);
  CHECK(desk.guard.counting() == 0b011);
  desk.now += 1min;
  desk.probe({.listed = "-"});
  CHECK(desk.guard.counting() == 0b011);
  desk.now += 2min;
  desk.probe({.not_listed = "127.0.0.2"});
  CHECK(desk.guard.counting() == 0b010);
}

TEST_CASE("a muted list that is hurried is probed at once", "[screen][guard]") {
  Desk desk(one());
  CHECK(desk.probe({.random = "127.0.0.2"}));
  CHECK(desk.status().state == Guard::State::Muted);
  CHECK(!desk.probe({}));
  desk.guard.hurry(0, desk.now);
  CHECK(desk.guard.next_probe() == desk.now);
  CHECK(desk.probe({}));
  CHECK(desk.status().state == Guard::State::Heard);
}
