// SPDX-License-Identifier: Apache-2.0
// storage: triplets over restarts, and the rest of what greylisting remembers.
#include "state/grey_store.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>

#include "state/state_schema.h"
#include "unit/storage/doubles.h"
#include "unit/storage/house.h"

using namespace gatepost;
using namespace gatepost::state;
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
                                             Stamp now,
                                             std::string_view sender = "shop@shop.example") const {
    GreyStore::Question out;
    out.key = greylist::make_key({}, {*IpAddress::parse(client), {}, sender, recipient});
    out.rules = rules;
    out.now = now;
    return out;
  }
  greylist::Judgement judge(const std::string& client,
                            const std::string& recipient,
                            Stamp now,
                            std::string_view sender = "shop@shop.example") {
    auto judged = test::run_task(loop, grey->judge(question(client, recipient, now, sender)));
    if (!judged) FAIL(judged.error().detail);
    return *judged;
  }
  bool catch_refused(const std::string& client, const std::string& recipient, bool sure) {
    const auto caught =
        test::run_task(loop, grey->catch_refused(question(client, recipient, kNow), sure, {}));
    return caught && *caught == GreyStore::Refused::Caught;
  }
  /// Mail to an address that does not exist; two networks are enough. True: it is ripe.
  bool guess(const std::string& client, const std::string& address, Stamp now) {
    const auto refused = test::run_task(
        loop, grey->catch_refused(question(client, address, now), false, {2, address}));
    return refused && *refused == GreyStore::Refused::Ripe;
  }
  /// A network of guessers: asks for two others, too.
  bool guesser(const std::string& client, const std::string& address, Stamp now) {
    CHECK_FALSE(guess(client, "x-" + client + "@example.com", now));
    CHECK_FALSE(guess(client, "y-" + client + "@example.com", now));
    return guess(client, address, now);
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
  std::unique_ptr<storage::Files> files = make_system_files();
  asio::io_context loop{1};
  greylist::Rules rules;
  std::unique_ptr<StateStore> state;
  std::unique_ptr<GreyStore> grey;
};

}  // namespace

TEST_CASE("a triplet is remembered over a restart", "[state][grey]") {
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

TEST_CASE("a damaged state.db costs one more wait, and nothing else", "[state][grey]") {
  Place place;
  CHECK(place.judge("192.0.2.1", "bob@example.com", kNow).reason == Reason::New);
  place.state->stop(test::at_second(kNow), Instant());
  std::ofstream(place.scratch / "state.db") << std::string(20000, 'x');
  place.open();
  CHECK(place.judge("192.0.2.1", "bob@example.com", kNow + 300).reason == Reason::New);
  CHECK(place.judge("192.0.2.1", "bob@example.com", kNow + 600).fresh);
  CHECK(std::filesystem::exists(place.scratch / "state.db.damaged-1"));
}

TEST_CASE("without a disk triplets pass all the same", "[state][grey]") {
  Place place;
  place.state = std::make_unique<StateStore>(place.loop, *place.files, "/nonexistent", Instant());
  place.grey = std::make_unique<GreyStore>(*place.state);
  CHECK(place.judge("192.0.2.1", "bob@example.com", kNow).reason == Reason::New);
  CHECK(place.judge("192.0.2.1", "bob@example.com", kNow + 300).fresh);
}

TEST_CASE("a memory full of triplets is emptied rather than in the way", "[state][large]") {
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

TEST_CASE("where there is no room, those that passed longest ago go, but not most of them",
          "[state][large]") {
  Place place;
  const auto fill = [&](int passed, int waiting) {
    const auto filled =
        test::run_task(place.loop, place.state->run([=](StateDatabase& state) -> Result<bool> {
          GP_TRY(storage::Statement * put, state.prepared("INSERT INTO grey VALUES('net' || ?1, "
                                                          "'a@b.example', 'c', ?2, ?2, ?3)"));
          for (int n = 1; n <= passed + waiting; ++n) {
            put->bind(1, std::int64_t{n});
            put->bind(2, kNow - n);
            put->bind(3, std::int64_t{n <= passed});
            GP_CHECK(put->perform());
          }
          return true;
        }));
    REQUIRE(filled);
  };
  const std::string bob = "bob@example.com";
  SECTION("they were many") {
    fill(150'000, 50'000);
    CHECK_FALSE(place.grey->take_full());
    CHECK(place.judge("192.0.2.1", bob, kNow).reason == Reason::New);
    CHECK(place.grey->take_full());
    CHECK(place.stats().passed == 149'000);
    CHECK(place.rows({.net = "net150000"}).empty());
    CHECK(place.rows({.net = "net149000"}).size() == 1);
    CHECK(place.judge("192.0.3.1", bob, kNow).reason == Reason::New);
    CHECK_FALSE(place.grey->take_full());
  }
  SECTION("they were few") {
    fill(100'000, 100'000);
    CHECK(place.judge("192.0.2.1", bob, kNow).reason == Reason::Full);
    CHECK(place.grey->take_full());
    CHECK(place.stats().passed == 100'000);
  }
}

TEST_CASE("a network with many senders that wait gets no more rows in the store", "[state][grey]") {
  Place place;
  place.rules.throttle = 3;
  const std::string bob = "bob@example.com";
  for (const char* sender : {"a@x.example", "b@x.example", "c@x.example"}) {
    CHECK(place.judge("192.0.2.1", bob, kNow, sender).reason == Reason::New);
  }
  CHECK(place.judge("192.0.2.9", bob, kNow, "d@x.example").reason == Reason::Throttled);
  CHECK(place.judge("192.0.3.9", bob, kNow, "d@x.example").reason == Reason::New);
  CHECK(place.rows().size() == 4);
  // Those of long ago have given up.
  CHECK(place.judge("192.0.2.9", bob, kNow + 4 * 3600 - 1, "d@x.example").reason ==
        Reason::Throttled);
  CHECK(place.judge("192.0.2.9", bob, kNow + 4 * 3600, "d@x.example").reason == Reason::New);
}

TEST_CASE("one mail to many, and a network whose mail passed, are no flood", "[state][grey]") {
  Place place;
  place.rules.throttle = 3;
  for (int n = 0; n < 60; ++n) {
    const std::string recipient = std::to_string(n) + "@example.com";
    CHECK(place.judge("192.0.2.1", recipient, kNow).reason == Reason::New);
  }
  CHECK(place.judge("192.0.2.1", "60@example.com", kNow).reason == Reason::Throttled);
  const std::string bob = "bob@example.com";
  CHECK(place.judge("203.0.113.1", bob, kNow).reason == Reason::New);
  CHECK(place.judge("203.0.113.1", bob, kNow + 300).passes());
  for (const char* sender : {"a@x.example", "b@x.example", "c@x.example", "d@x.example"}) {
    CHECK(place.judge("203.0.113.9", bob, kNow + 300, sender).reason == Reason::New);
  }
}

TEST_CASE("rows are listed, passed and forgotten by any part", "[state][grey]") {
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

TEST_CASE("a trap catches the network of who writes to it", "[state][grey]") {
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

TEST_CASE("a trap that a client of a known network writes to is that client's alone",
          "[state][grey]") {
  Place place;
  const std::string bob = "bob@example.com";
  static_cast<void>(place.judge("192.0.2.1", bob, kNow));
  CHECK(place.judge("192.0.2.1", bob, kNow + 300).passes());
  CHECK(place.catch_refused("192.0.2.9", "old@example.com", true));
  CHECK(place.judge("192.0.2.9", bob, kNow + 400).reason == Reason::Trapped);
  CHECK(place.judge("192.0.2.1", bob, kNow + 400).passes());
  CHECK(place.judge("192.0.2.10", "carol@example.com", kNow + 400).reason == Reason::New);
  const auto shown = test::run_task(
      place.loop, place.grey->trapped({.net = "192.0.2.0", .client = "192.0.2.9"}, kNow, 10));
  REQUIRE(shown);
  REQUIRE(shown->size() == 1);
  CHECK(shown->front().net == "192.0.2.9");
  CHECK(shown->front().until == kNow + place.rules.trap_time);
  CHECK(
      test::run_task(place.loop, place.grey->forget({.net = "192.0.2.0", .client = "192.0.2.9"})));
  CHECK(place.stats().trapped == 0);
}

TEST_CASE("whoever a client is by name, a trap is its network's", "[state][grey]") {
  Place place;
  const auto ask = [&](std::string_view client, std::string_view identity) {
    GreyStore::Question out = place.question("192.0.2.1", "bob@example.com", kNow);
    out.key = greylist::make_key(
        {}, {*IpAddress::parse(client), identity, "a@b.example", "bob@example.com"});
    return out;
  };
  CHECK(test::run_task(place.loop, place.grey->catch_refused(ask("192.0.2.1", ""), true, {})));
  const auto judged =
      test::run_task(place.loop, place.grey->judge(ask("192.0.2.1", "spf:b.example")));
  CHECK((judged && judged->reason == Reason::Trapped));
  const auto other =
      test::run_task(place.loop, place.grey->judge(ask("203.0.113.1", "spf:b.example")));
  CHECK((other && other->reason == Reason::New));
}

TEST_CASE("traps alone are asked about as long as there may be any", "[state][grey]") {
  Place place;
  const auto judge = [&](const std::string& recipient) {
    GreyStore::Question asked = place.question("192.0.2.1", recipient, kNow);
    asked.traps_only = true;
    auto judged = test::run_task(place.loop, place.grey->judge(std::move(asked)));
    REQUIRE(judged);
    return *judged;
  };
  CHECK(place.grey->may_trap());
  CHECK(judge("bob@example.com").passes());
  CHECK_FALSE(place.grey->may_trap());
  CHECK(place.rows().empty());
  CHECK(test::run_task(place.loop, place.grey->add_trap("bob@example.com", kNow)));
  CHECK(place.grey->may_trap());
  CHECK(judge("alice@example.com").passes());
  CHECK(place.grey->may_trap());
  CHECK(judge("bob@example.com").caught);
  CHECK(test::run_task(place.loop, place.grey->delete_trap("bob@example.com")));
  CHECK(judge("alice@example.com").reason == Reason::Trapped);
  CHECK(place.grey->may_trap());
}

constexpr Stamp kDay = 86'400;

TEST_CASE("an address that guessers alone ask for, over a day, is ripe to be a trap",
          "[state][grey]") {
  Place place;
  const std::string jon = "jon@example.com";
  // The first three addresses of each network say who it is; a day says that it lasts.
  CHECK_FALSE(place.guesser("192.0.2.1", jon, kNow));
  CHECK_FALSE(place.guesser("198.51.100.1", jon, kNow + kDay - 1));
  CHECK_FALSE(place.guess("192.0.2.1", "one@example.com", kNow + kDay));
  CHECK(place.guess("192.0.2.9", jon, kNow + kDay));
  const auto made =
      test::run_task(place.loop, place.grey->add_trap(jon, kNow + kDay, /*learned=*/true));
  CHECK((made && *made));
  place.restart();
  CHECK(place.catch_refused("203.0.113.1", jon, false));
  const auto all = test::run_task(place.loop, place.grey->traps(10));
  REQUIRE(all);
  REQUIRE(all->size() == 1);
  CHECK(all->front().learned);
  CHECK(all->front().made == kNow + kDay);
  // By hand it is the owner's.
  const auto kept = test::run_task(place.loop, place.grey->add_trap(jon, kNow));
  CHECK((kept && *kept));
  const auto again = test::run_task(place.loop, place.grey->add_trap(jon, kNow, true));
  CHECK((again && !*again));
  const auto left = test::run_task(place.loop, place.grey->traps(10));
  CHECK((left && left->size() == 1 && !left->front().learned));
}

TEST_CASE("one network that asks for nothing else keeps an address from being a trap",
          "[state][grey]") {
  Place place;
  const std::string old = "left-the-house@example.com";
  CHECK_FALSE(place.guess("203.0.113.1", old, kNow));
  CHECK_FALSE(place.guesser("192.0.2.1", old, kNow));
  CHECK_FALSE(place.guesser("198.51.100.1", old, kNow + kDay));
  // Until it has not asked for a month.
  place.sweep(kNow + 25 * kDay);
  CHECK_FALSE(place.guess("192.0.2.1", old, kNow + 25 * kDay));
  CHECK_FALSE(place.guess("198.51.100.1", old, kNow + 25 * kDay));
  place.sweep(kNow + 31 * kDay);
  CHECK(place.guesser("192.0.2.1", old, kNow + 31 * kDay));
}

TEST_CASE("who is known mistypes and does not guess, and what exists is no trap", "[state][grey]") {
  Place place;
  place.rules.allow_after = 1;
  const std::string typo = "alicee@example.com";
  static_cast<void>(place.judge("203.0.113.1", "alice@example.com", kNow));
  CHECK(place.judge("203.0.113.1", "alice@example.com", kNow + 300).passes());
  CHECK_FALSE(place.guess("203.0.113.1", typo, kNow + 300));
  for (const char* client : {"192.0.2.1", "198.51.100.1", "198.51.101.1"}) {
    CHECK_FALSE(place.guesser(client, typo, kNow + 400));
    CHECK_FALSE(place.guess(client, typo, kNow + 400 + kDay));
  }
  // One that exists, and one that comes to exist after it was learned.
  place.grey->note_existing("bob@example.com", kNow);
  CHECK_FALSE(place.guesser("192.0.2.1", "bob@example.com", kNow));
  CHECK_FALSE(place.guesser("198.51.100.1", "bob@example.com", kNow + kDay));
  const auto made =
      test::run_task(place.loop, place.grey->add_trap("carol@example.com", kNow, true));
  CHECK((made && *made));
  CHECK(place.judge("198.51.103.1", "carol@example.com", kNow).reason == Reason::New);
  place.grey->note_existing("carol@example.com", kNow);
  CHECK(place.stats().traps == 0);
}

TEST_CASE("one network's guesses are bounded", "[state][grey]") {
  Place place;
  for (int n = 0; n < 200; ++n) {
    CHECK_FALSE(place.guess("192.0.2.1", std::to_string(n) + "@example.com", kNow));
  }
  const auto rows =
      test::run_task(place.loop, place.state->run([](StateDatabase& state) -> Result<std::int64_t> {
        GP_TRY(storage::Statement * count, state.prepared("SELECT count(*) FROM guess"));
        GP_TRY(const bool row, count->step());
        const std::int64_t out = row ? count->number(0).value_or(-1) : -1;
        count->reset();
        return out;
      }));
  CHECK((rows && *rows == 100));
}

TEST_CASE("a database without learned traps is brought to this version", "[state][grey]") {
  Place place;
  {
    auto database = Database::open(place.scratch / "state.db");
    REQUIRE(database);
    REQUIRE(database->migrate(state_schema().first(5)));
    REQUIRE(database->run("INSERT INTO trap VALUES('old@example.com', 1795000000)"));
  }
  const auto traps = test::run_task(place.loop, place.grey->traps(10));
  REQUIRE(traps);
  REQUIRE(traps->size() == 1);
  CHECK(traps->front().address == "old@example.com");
  CHECK_FALSE(traps->front().learned);
  CHECK(place.catch_refused("192.0.2.1", "old@example.com", false));
  CHECK_FALSE(place.guess("192.0.2.2", "x@example.com", kNow));
}

TEST_CASE("what another greylister knew is taken over, but for what is known here or old",
          "[state][grey]") {
  Place place;
  static_cast<void>(place.judge("192.0.2.1", "bob@example.com", kNow));
  std::vector<greylist::PostgreyRow> rows;
  const auto add = [&](std::string_view key, Stamp first, Stamp last) {
    const std::string value = std::to_string(first) + "," + std::to_string(last);
    auto row = greylist::read_postgrey_row({}, place.rules.delay, key, value);
    REQUIRE(row);
    rows.push_back(*std::move(row));
  };
  add("198.51.100.0/shop@shop.example/bob@example.com", kNow - 9000, kNow - 5000);
  add("198.51.101.0/shop@shop.example/bob@example.com", kNow - 100, kNow - 100);
  add("192.0.2.0/shop@shop.example/bob@example.com", kNow - 9000, kNow - 5000);
  add("198.51.102.0/shop@shop.example/bob@example.com", kNow - 90 * kDay, kNow - 40 * kDay);
  add("203.0.113.9", 5, kNow - 5000);
  add("203.0.113.10", 5, kNow - 40 * kDay);
  const auto done =
      test::run_task(place.loop, place.grey->import(std::move(rows), place.rules, kNow));
  REQUIRE(done);
  CHECK(done->triplets == 2);
  CHECK(done->clients == 1);
  CHECK(done->left == 3);
  CHECK(place.judge("198.51.100.7", "bob@example.com", kNow).reason == Reason::Found);
  CHECK(place.judge("198.51.101.7", "bob@example.com", kNow + 200).reason == Reason::Found);
  CHECK(place.judge("192.0.2.7", "bob@example.com", kNow).reason == Reason::New);
  CHECK(place.judge("203.0.113.9", "new@example.com", kNow).reason == Reason::Allowed);
}

TEST_CASE("a sweep removes what nobody needs, step by step", "[state][grey]") {
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

TEST_CASE("a sweep by a clock that was wrong removes nothing", "[state][grey]") {
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
