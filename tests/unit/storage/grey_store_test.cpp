// SPDX-License-Identifier: Apache-2.0
// storage: triplets over restarts, and the rest of what greylisting remembers.
#include "storage/grey_store.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>

#include "doubles.h"
#include "house.h"

using namespace gatepost;
using namespace gatepost::storage;
using greylist::Reason;

namespace {

constexpr Stamp kNow = kEarliest + 200 * 86'400;

struct Place {
  Place() { open(); }
  void open() {
    state = std::make_unique<StateStore>(loop, *files, scratch.path(), Instant());
    grey = std::make_unique<GreyStore>(*state);
  }
  void restart() {
    state->stop(test::at_second(kNow), Instant());
    grey.reset();
    open();
  }
  [[nodiscard]] GreyStore::Question question(const std::string& client,
                                             const std::string& recipient,
                                             Stamp now) const {
    GreyStore::Question out;
    out.key =
        greylist::make_key({}, {*IpAddress::parse(client), {}, "shop@shop.example", recipient});
    out.rules = rules;
    out.now = now;
    return out;
  }
  greylist::Judgement judge(const std::string& client, const std::string& recipient, Stamp now) {
    auto judged = test::run_task(loop, grey->judge(question(client, recipient, now)));
    if (!judged) FAIL(judged.error().detail);
    return *judged;
  }
  bool catch_refused(const std::string& client, const std::string& recipient, bool sure) {
    const auto caught =
        test::run_task(loop, grey->catch_refused(question(client, recipient, kNow), sure));
    return caught && *caught;
  }
  std::vector<GreyStore::Row> rows(GreyStore::Filter filter = {}) {
    auto listed = test::run_task(loop, grey->list(std::move(filter), 1000));
    REQUIRE(listed);
    return *std::move(listed);
  }
  GreyStore::Stats stats(Stamp now = kNow) {
    auto all = test::run_task(loop, grey->stats(rules, now));
    if (!all) FAIL(all.error().detail);
    return *all;
  }
  /// A whole sweep, in as many steps as it takes.
  void sweep(Stamp now) {
    for (int n = 0; n < 20; ++n) {
      grey->tick(rules, now);
      static_cast<void>(stats());
    }
  }

  test::Scratch scratch;
  std::unique_ptr<Files> files = make_system_files();
  asio::io_context loop{1};
  greylist::Rules rules;
  std::unique_ptr<StateStore> state;
  std::unique_ptr<GreyStore> grey;
};

}  // namespace

TEST_CASE("a triplet is remembered over a restart", "[storage][grey]") {
  Place place;
  CHECK(place.judge("192.0.2.1", "bob@example.com", kNow).reason == Reason::New);
  CHECK(place.judge("192.0.2.1", "carol@example.com", kNow).reason == Reason::New);
  place.restart();
  const auto early = place.judge("192.0.2.77", "bob@example.com", kNow + 100);
  CHECK(early.reason == Reason::Early);
  CHECK(early.seconds == 200);
  CHECK(place.judge("192.0.2.77", "bob@example.com", kNow + 300).fresh);
  CHECK(place.stats().passed == 1);
  CHECK(place.stats().waiting == 1);
  CHECK(place.stats().clients == 1);
}

TEST_CASE("a damaged state.db costs one more wait, and nothing else", "[storage][grey]") {
  Place place;
  CHECK(place.judge("192.0.2.1", "bob@example.com", kNow).reason == Reason::New);
  place.state->stop(test::at_second(kNow), Instant());
  std::ofstream(place.scratch / "state.db") << std::string(20000, 'x');
  place.open();
  CHECK(place.judge("192.0.2.1", "bob@example.com", kNow + 300).reason == Reason::New);
  CHECK(place.judge("192.0.2.1", "bob@example.com", kNow + 600).fresh);
  CHECK(std::filesystem::exists(place.scratch / "state.db.damaged-1"));
}

TEST_CASE("without a disk triplets pass all the same", "[storage][grey]") {
  Place place;
  place.state = std::make_unique<StateStore>(place.loop, *place.files, "/nonexistent", Instant());
  place.grey = std::make_unique<GreyStore>(*place.state);
  CHECK(place.judge("192.0.2.1", "bob@example.com", kNow).reason == Reason::New);
  CHECK(place.judge("192.0.2.1", "bob@example.com", kNow + 300).fresh);
}

TEST_CASE("a memory full of triplets is emptied rather than in the way", "[storage][grey]") {
  Place place;
  place.rules.throttle = 0;
  place.state = std::make_unique<StateStore>(place.loop, *place.files, "/nonexistent", Instant());
  place.grey = std::make_unique<GreyStore>(*place.state);
  const std::string longish(200, 'x');
  for (int n = 0; n < 20000; ++n) {
    const std::string recipient = longish + std::to_string(n) + "@example.com";
    REQUIRE(place.judge("192.0.2.1", recipient, kNow).reason == Reason::New);
  }
  CHECK(place.stats().waiting < 20000);
  CHECK(place.stats().waiting > 0);
}

TEST_CASE("a network with many that wait gets no more rows in the store", "[storage][grey]") {
  Place place;
  place.rules.throttle = 3;
  for (int n = 0; n < 3; ++n) {
    CHECK(place.judge("192.0.2.1", std::to_string(n) + "@example.com", kNow).reason == Reason::New);
  }
  CHECK(place.judge("192.0.2.9", "3@example.com", kNow).reason == Reason::Throttled);
  CHECK(place.judge("192.0.3.9", "3@example.com", kNow).reason == Reason::New);
  CHECK(place.rows().size() == 4);
  CHECK(place.judge("192.0.2.1", "0@example.com", kNow + 300).fresh);
  CHECK(place.judge("192.0.2.9", "3@example.com", kNow + 300).reason == Reason::New);
}

TEST_CASE("rows are listed, passed and forgotten by any part", "[storage][grey]") {
  Place place;
  static_cast<void>(place.judge("192.0.2.1", "bob@example.com", kNow));
  static_cast<void>(place.judge("192.0.2.1", "carol@example.com", kNow + 1));
  static_cast<void>(place.judge("203.0.113.1", "bob@example.com", kNow + 2));
  CHECK(place.rows().size() == 3);
  CHECK(place.rows().front().net == "203.0.113.0");
  CHECK(place.rows({.net = "192.0.2.0"}).size() == 2);
  CHECK(place.rows({.recipient = "bob@example.com"}).size() == 2);
  CHECK(place.rows({.sender = "shop@shop.example"}).size() == 3);
  CHECK(place.rows({.sender = "nobody@shop.example"}).empty());
  const auto passed =
      test::run_task(place.loop, place.grey->pass({.recipient = "carol@example.com"}, kNow + 3));
  REQUIRE(passed);
  CHECK(*passed == 1);
  CHECK(place.judge("192.0.2.1", "carol@example.com", kNow + 4).reason == Reason::Found);
  const auto forgotten = test::run_task(place.loop, place.grey->forget({.net = "192.0.2.0"}));
  REQUIRE(forgotten);
  CHECK(*forgotten == 2);
  CHECK(place.rows().size() == 1);
  CHECK(test::run_task(place.loop, place.grey->forget({})));
  CHECK(place.rows().empty());
}

TEST_CASE("a trap catches the network of who writes to it", "[storage][grey]") {
  Place place;
  const auto added = test::run_task(place.loop, place.grey->add_trap("trap@example.com", kNow));
  REQUIRE(added);
  CHECK(*added);
  const auto again = test::run_task(place.loop, place.grey->add_trap("trap@example.com", kNow));
  CHECK((again && !*again));
  CHECK_FALSE(place.catch_refused("192.0.2.1", "nobody@example.com", false));
  CHECK(place.judge("192.0.2.1", "bob@example.com", kNow).reason == Reason::New);
  CHECK(place.catch_refused("192.0.2.1", "Trap@example.com", false));
  CHECK(place.judge("192.0.2.9", "bob@example.com", kNow + 400).reason == Reason::Trapped);
  CHECK(place.stats().trapped == 1);
  // What leads somewhere may be a trap as well.
  CHECK(place.judge("203.0.113.1", "trap@example.com", kNow).caught);
  CHECK(place.judge("203.0.113.2", "bob@example.com", kNow).reason == Reason::Trapped);
  // The trap of somebody else's knowledge.
  CHECK(place.catch_refused("198.51.100.1", "old-alias@example.com", true));
  CHECK(place.judge("198.51.100.1", "bob@example.com", kNow).reason == Reason::Trapped);
  place.sweep(kNow + 90'000);
  CHECK(place.stats(kNow + 90'000).trapped == 0);
  CHECK(place.judge("192.0.2.9", "bob@example.com", kNow + 90'000).reason == Reason::Found);
  const auto gone = test::run_task(place.loop, place.grey->delete_trap("trap@example.com"));
  CHECK((gone && *gone));
  const auto left = test::run_task(place.loop, place.grey->traps(10));
  CHECK((left && left->empty()));
}

TEST_CASE("a sweep removes what nobody needs, step by step", "[storage][grey]") {
  Place place;
  place.rules.throttle = 0;
  for (int n = 0; n < 500; ++n) {
    static_cast<void>(place.judge("192.0.2.1", std::to_string(n) + "@example.com", kNow));
  }
  static_cast<void>(place.judge("192.0.2.1", "7@example.com", kNow + 300));
  static_cast<void>(place.judge("203.0.113.1", "late@example.com", kNow + 2 * 86'400));
  place.grey->tick(place.rules, kNow + 2 * 86'400 + 1);
  // The first step leaves some.
  CHECK(place.stats().waiting > 2);
  place.sweep(kNow + 2 * 86'400 + 1);
  CHECK(place.stats().waiting == 1);
  CHECK(place.stats().passed == 1);
  place.sweep(kNow + 40 * 86'400);
  CHECK(place.rows().empty());
  CHECK(place.stats().clients == 0);
}

TEST_CASE("a sweep by a clock that was wrong removes nothing", "[storage][grey]") {
  Place place;
  static_cast<void>(place.judge("192.0.2.1", "bob@example.com", 1000));
  static_cast<void>(place.judge("192.0.2.1", "bob@example.com", 1300));
  static_cast<void>(place.judge("203.0.113.1", "bob@example.com", kNow + 1'000'000'000));
  place.sweep(5'000'000);
  place.sweep(kNow);
  CHECK(place.rows().size() == 2);
  // From now on they grow old as others do.
  CHECK(place.judge("192.0.2.1", "bob@example.com", kNow).reason == Reason::Found);
  place.sweep(kNow + 3 * 86'400);
  CHECK(place.rows().size() == 1);
  place.sweep(kNow + 36 * 86'400);
  CHECK(place.rows().empty());
}
