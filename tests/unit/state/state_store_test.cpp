// SPDX-License-Identifier: Apache-2.0
// storage: what may be lost: written behind, readable by others, and never in the way of mail.
#include "state/state_store.h"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>

#include "unit/storage/doubles.h"
#include "unit/storage/house.h"

using namespace gatepost;
using namespace gatepost::state;
using namespace gatepost::storage;
using namespace std::literals;

namespace {

constexpr std::string_view kPut = "INSERT OR REPLACE INTO clock VALUES(1, ?1)";
constexpr std::string_view kGet = "SELECT written FROM clock WHERE id = 1";
constexpr Stamp kNow = kEarliest + 1000;

Result<std::int64_t> put(StateDatabase& state, std::int64_t value) {
  GP_TRY(storage::Statement * statement, state.prepared(kPut));
  statement->bind(1, value);
  GP_CHECK(statement->perform());
  return value;
}

Result<std::int64_t> get(StateDatabase& state) {
  GP_TRY(storage::Statement * statement, state.prepared(kGet));
  GP_TRY(const bool row, statement->step());
  const std::int64_t found = row ? statement->number(0).value_or(-1) : -1;
  statement->reset();
  return found;
}

struct Place {
  explicit Place(std::string below = "") : folder(scratch.path() + below) {
    store = std::make_unique<StateStore>(loop, files, folder, Instant());
  }
  void tick(Duration since, Duration interval = 5s) {
    store->tick(test::at_second(kNow), Instant() + since, interval);
    settle();
  }
  /// Every job given before is over.
  void settle() { static_cast<void>(read()); }
  std::int64_t read() {
    const auto found = test::run_task(
        loop, store->run([](StateDatabase& state) -> Result<std::int64_t> { return get(state); }));
    return found ? *found : -2;
  }
  Result<void> commit(std::uint64_t failures) {
    return test::run_task(loop, store->commit(test::at_second(kNow), Instant(), failures));
  }
  void write(std::int64_t value) {
    const auto done = test::run_task(
        loop, store->run([value](StateDatabase& state) { return put(state, value); }));
    REQUIRE(done);
  }
  /// As `sqlite3 state.db` of another process would, while the store has it.
  [[nodiscard]] std::int64_t seen_by_others() const {
    auto database = Database::open(folder + "/state.db", Sharing::Open);
    if (!database) return -3;
    auto statement = database->prepare(kGet);
    if (!statement) return -4;
    const auto row = statement->step();
    return row && *row ? statement->number(0).value_or(-1) : -1;
  }
  void restart() {
    store.reset();
    store = std::make_unique<StateStore>(loop, files, folder, Instant());
  }

  test::Scratch scratch;
  test::FaultyFiles files;
  asio::io_context loop{1};
  std::string folder;
  std::unique_ptr<StateStore> store;
};

}  // namespace

TEST_CASE("state is written when the interval is over, not before", "[state][state]") {
  Place place;
  place.write(kNow + 7);
  place.tick(1s);
  place.tick(5s);
  CHECK(place.seen_by_others() == -1);
  place.tick(6s);
  // The commit stamps the row the test borrows.
  CHECK(place.seen_by_others() == kNow);
  CHECK(place.store->take_problems().empty());
}

TEST_CASE("what was only looked at writes nothing", "[state][state]") {
  Place place;
  CHECK(place.read() == -1);
  place.tick(1s);
  place.tick(10s);
  CHECK(place.seen_by_others() == -1);
}

TEST_CASE("a stop commits, and a later run reads it", "[state][state]") {
  Place place;
  place.write(1);
  place.store->stop(test::at_second(kNow), Instant());
  const auto late = test::run_task(
      place.loop, place.store->run([](StateDatabase& state) { return put(state, 2); }));
  CHECK_FALSE(late);
  place.restart();
  CHECK(place.read() == kNow);
}

TEST_CASE("a file that is no database is set aside and the work goes on", "[state][state]") {
  Place place;
  std::ofstream(place.folder + "/state.db") << std::string(8192, 'x');
  CHECK(place.read() == -1);
  CHECK(std::filesystem::exists(place.folder + "/state.db.damaged-1"));
  CHECK_FALSE(place.store->in_memory());
  const auto told = place.store->take_problems();
  REQUIRE(told.size() == 2);
  CHECK(told.back() == "state.db is damaged; it is kept as state.db.damaged-1");
}

TEST_CASE("no more damaged files are kept than a small card has room for", "[state][state]") {
  Place place;
  for (int n = 1; n <= 5; ++n) {
    std::ofstream(place.folder + "/state.db.damaged-" + std::to_string(n)) << "x";
  }
  std::ofstream(place.folder + "/state.db") << std::string(8192, 'x');
  CHECK(place.read() == -1);
  CHECK_FALSE(place.store->in_memory());
  CHECK_FALSE(std::filesystem::exists(place.folder + "/state.db.damaged-6"));
}

TEST_CASE("a file of a later version is set aside", "[state][state]") {
  Place place;
  place.write(1);
  place.store->stop(test::at_second(kNow), Instant());
  {
    auto database = Database::open(place.folder + "/state.db");
    REQUIRE(database);
    REQUIRE(database->run("PRAGMA user_version=1000"));
  }
  place.restart();
  CHECK(place.read() == -1);
  CHECK(std::filesystem::exists(place.folder + "/state.db.damaged-1"));
}

TEST_CASE("a file found damaged while it is used is replaced under the job", "[state][state]") {
  Place place;
  place.write(1);
  int calls = 0;
  const auto outcome = test::run_task(
      place.loop, place.store->run([&calls](StateDatabase& state) -> Result<std::int64_t> {
        if (++calls == 1) return Error{Cause::Temporary, "malformed", EUCLEAN};
        return get(state);
      }));
  REQUIRE(outcome);
  CHECK(*outcome == -1);
  CHECK(calls == 2);
  CHECK(std::filesystem::exists(place.folder + "/state.db.damaged-1"));
}

TEST_CASE("without a place for the file, memory stands in for it", "[state][state]") {
  Place place("/none");
  place.write(5);
  CHECK(place.read() == 5);
  CHECK(place.store->in_memory());
  const auto told = place.store->take_problems();
  REQUIRE(told.size() == 1);
  CHECK(told.front().starts_with("state.db cannot be used; what it is for is kept in memory: "));
  // Once there is a folder, the file is used.
  std::filesystem::create_directory(place.folder);
  place.tick(61s);
  CHECK_FALSE(place.store->in_memory());
  CHECK(place.read() >= 0);
}

TEST_CASE("a full disk sends the state into memory, and room brings it back", "[state][state]") {
  Place place;
  place.write(1);
  place.files.fail_all(test::Call::Space, EIO);
  int calls = 0;
  const auto outcome = test::run_task(place.loop, place.store->run([&calls](StateDatabase& state) {
    if (++calls == 1) return Result<std::int64_t>(Error{Cause::Temporary, "full", ENOSPC});
    return put(state, 3);
  }));
  REQUIRE(outcome);
  CHECK(place.store->in_memory());
  CHECK(place.read() == 3);
  place.tick(61s);
  CHECK(place.store->in_memory());
  place.files.heal();
  place.tick(122s);
  CHECK_FALSE(place.store->in_memory());
  const auto told = place.store->take_problems();
  REQUIRE(told.size() == 2);
  CHECK(told.back() == "state.db is used again; what was kept in memory meanwhile is forgotten");
}

TEST_CASE("a memory that is full is emptied and goes on", "[state][state]") {
  Place place("/none");
  place.write(5);
  int calls = 0;
  const auto outcome = test::run_task(place.loop, place.store->run([&calls](StateDatabase& state) {
    if (++calls == 1) return Result<std::int64_t>(Error{Cause::Temporary, "full", ENOSPC});
    return get(state);
  }));
  REQUIRE(outcome);
  CHECK(*outcome == -1);
  CHECK(place.store->take_problems().size() == 1);
}

TEST_CASE("a writer from outside delays nothing for good", "[state][state]") {
  Place place;
  place.write(1);
  place.store->stop(test::at_second(kNow), Instant());
  auto other = Database::open(place.folder + "/state.db", Sharing::Open);
  REQUIRE(other);
  REQUIRE(other->run("BEGIN IMMEDIATE"));
  place.restart();
  CHECK(place.read() == kNow);
  const auto refused = test::run_task(
      place.loop, place.store->run([](StateDatabase& state) { return put(state, 9); }));
  CHECK_FALSE(refused);
  CHECK_FALSE(place.store->in_memory());
  REQUIRE(other->run("ROLLBACK"));
  place.write(10);
  CHECK(place.read() == 10);
}

TEST_CASE("while another program writes it is asked once a tick whether it goes on",
          "[state][state]") {
  Place place;
  place.write(1);
  place.store->stop(test::at_second(kNow), Instant());
  auto other = Database::open(place.folder + "/state.db", Sharing::Open);
  REQUIRE(other);
  REQUIRE(other->run("BEGIN IMMEDIATE"));
  place.restart();
  const std::uint64_t before = place.store->failures();
  for (int i = 0; i < 3; ++i)
    place.store->leave([](StateDatabase& state) { return put(state, 9); });
  CHECK_FALSE(place.commit(before));
  CHECK(place.store->failures() == before + 3);
  const auto told = place.store->take_problems();
  REQUIRE(told.size() == 1);
  CHECK(told.front() == "another program is writing to state.db: until it ends nothing is kept");
  REQUIRE(other->run("ROLLBACK"));
  const auto is_open = [&] {
    return *test::run_task(place.loop, place.store->run([](StateDatabase& state) -> Result<bool> {
      return state.has_open();
    }));
  };
  CHECK_FALSE(is_open());
  place.tick(11s);
  CHECK(is_open());
  CHECK(place.store->take_problems().empty());
}

TEST_CASE("what an owner was told is done is in the file", "[state][state]") {
  Place place;
  const std::uint64_t before = place.store->failures();
  place.store->leave([](StateDatabase& state) { return put(state, 9); });
  CHECK(place.commit(before));
  CHECK(place.seen_by_others() == kNow);
  place.store->leave([](StateDatabase&) -> Result<void> {
    return Error{Cause::Temporary, "it could not be kept"};
  });
  const auto lost = place.commit(before);
  REQUIRE_FALSE(lost);
  CHECK(lost.error().cause == Cause::Temporary);
  CHECK(place.commit(before + 1));
  place.store->stop(test::at_second(kNow), Instant());
  CHECK_FALSE(place.commit(before + 1));
}

TEST_CASE("what memory alone has is not called done", "[state][state]") {
  Place place("/none");
  place.store->leave([](StateDatabase& state) { return put(state, 9); });
  CHECK_FALSE(place.commit(0));
}

TEST_CASE("state time goes on from the last commit while the clock is before this program",
          "[state][state]") {
  using std::chrono::seconds;
  CHECK(state_time(test::at_second(kNow), 5s, 0) == kNow);
  CHECK(state_time(test::at_second(12), 5s, kNow) == kNow + 5);
  CHECK(state_time(test::at_second(12), 5s, 0) == 12);
  CHECK(state_time(test::at_second(-12), 5s, 0) == 0);
  CHECK(plausible(kNow - 1, kNow) == kNow - 1);
  CHECK(plausible(kNow + 1, kNow) == kNow);
  CHECK(plausible(12, kNow) == kNow);
  CHECK(plausible(12, 20) == 12);
}

TEST_CASE("a board that wakes in 1970 counts on from its last commit", "[state][state]") {
  Place place;
  place.write(1);
  place.store->stop(test::at_second(kNow), Instant());
  place.restart();
  place.settle();
  CHECK(place.store->now(test::at_second(100), Instant() + 40s) == kNow + 40);
}

TEST_CASE("without a right clock state time runs as fast as time does", "[state][state]") {
  Place place;
  place.write(1);
  place.store->stop(test::at_second(kNow), Instant());
  place.restart();
  const Moment wrong = test::at_second(100);
  for (int i = 1; i <= 5; ++i) {
    place.write(i);
    place.store->tick(wrong, Instant() + i * 20s, 0s);
    place.settle();
    CHECK(place.seen_by_others() == kNow + i * 20);
  }
  CHECK(place.store->now(wrong, Instant() + 101s) == kNow + 101);
  place.write(6);
  place.store->stop(wrong, Instant() + 110s);
  place.restart();
  place.settle();
  CHECK(place.store->now(wrong, Instant() + 1s) == kNow + 111);
}

TEST_CASE("a clock that was right and is lost is gone on from", "[state][state]") {
  Place place;
  place.write(1);
  place.store->tick(test::at_second(kNow + 50), Instant() + 50s, 0s);
  CHECK(place.store->now(test::at_second(100), Instant() + 60s) == kNow + 60);
}

TEST_CASE("a file that comes back late keeps its time", "[state][state]") {
  Place place;
  place.write(1);
  place.store->stop(test::at_second(kNow), Instant());
  place.files.fail_all(test::Call::Space, EIO);
  std::filesystem::rename(place.folder + "/state.db", place.folder + "/away");
  std::filesystem::create_directory(place.folder + "/state.db");
  place.restart();
  CHECK(place.read() == -1);
  CHECK(place.store->in_memory());
  std::filesystem::remove(place.folder + "/state.db");
  std::filesystem::rename(place.folder + "/away", place.folder + "/state.db");
  place.files.heal();
  place.store->tick(test::at_second(100), Instant() + 61s, 5s);
  place.settle();
  CHECK_FALSE(place.store->in_memory());
  CHECK(place.store->now(test::at_second(101), Instant() + 62s) == kNow + 62);
}
