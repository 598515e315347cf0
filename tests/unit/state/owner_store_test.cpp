// SPDX-License-Identifier: Apache-2.0
// storage: what the owner said is there after a restart; rows of screening can all be forgotten.
#include "state/owner_store.h"

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "state/screen_store.h"
#include "unit/storage/doubles.h"
#include "unit/storage/house.h"

using namespace gatepost;
using namespace gatepost::state;
using namespace gatepost::storage;
using Kind = OwnerStore::Kind;

namespace {

constexpr Stamp kNow = kEarliest + 86'400;

struct Place {
  Place() { open(); }
  void open() {
    state = std::make_unique<StateStore>(loop, *files, scratch.path(), Instant());
    owner = std::make_unique<OwnerStore>(*state);
  }
  void restart() {
    state->stop(test::at_second(kNow), Instant());
    owner.reset();
    open();
  }
  std::vector<std::string> words(Kind kind, std::uint32_t most = 100) {
    const auto rows = test::run_task(loop, owner->load(kind, most));
    REQUIRE(rows);
    std::vector<std::string> out;
    for (const OwnerStore::Row& row : *rows)
      out.push_back(row.word + "@" + std::to_string(row.until));
    return out;
  }

  test::Scratch scratch;
  std::unique_ptr<storage::Files> files = make_system_files();
  asio::io_context loop{1};
  std::unique_ptr<StateStore> state;
  std::unique_ptr<OwnerStore> owner;
};

}  // namespace

TEST_CASE("what the owner said outlasts a restart, each kind by itself", "[state]") {
  Place place;
  place.owner->keep(Kind::Allow, "192.0.2.0/24", 0);
  place.owner->keep(Kind::Allow, "192.0.2.1", 100);
  place.owner->keep(Kind::Expect, "a.test *", 200);
  place.restart();
  CHECK(place.words(Kind::Allow) == std::vector<std::string>{"192.0.2.0/24@0", "192.0.2.1@100"});
  CHECK(place.words(Kind::Expect) == std::vector<std::string>{"a.test *@200"});
  place.owner->keep(Kind::Allow, "192.0.2.0/24", 300);
  place.owner->forget(Kind::Allow, "192.0.2.1");
  place.owner->forget(Kind::Expect, "b.test *");
  CHECK(place.words(Kind::Allow) == std::vector<std::string>{"192.0.2.0/24@300"});
  CHECK(place.words(Kind::Expect).size() == 1);
  place.owner->keep(Kind::Allow, "192.0.2.2", 0);
  CHECK(place.words(Kind::Allow, 1).size() == 1);
}

TEST_CASE("clients that screening remembers are counted, swept and forgotten", "[state]") {
  Place place;
  ScreenStore store(*place.state);
  store.keep("192.0.2.1", "1;2", 100);
  store.keep("192.0.2.2", "1;2", 300);
  CHECK(store.known() == 0);
  store.sweep(200, true);
  CHECK(test::run_task(place.loop, store.count()).value_or(9) == 1);
  CHECK(store.known() == 1);
  store.forget_all();
  CHECK(test::run_task(place.loop, store.count()).value_or(9) == 0);
}

TEST_CASE("clients that screening has learned of are found, and strangers are not looked up",
          "[state]") {
  Place place;
  ScreenStore store(*place.state);
  const auto find = [&](std::string_view client) {
    return test::run_task(place.loop, store.find(std::string(client))).value_or("none");
  };
  store.keep("192.0.2.1", "1;2", 100);
  REQUIRE(store.wants_to_learn());
  test::run_task(place.loop, store.learn());
  CHECK_FALSE(store.wants_to_learn());
  store.keep("192.0.2.2", "3;4", 100);
  CHECK(find("192.0.2.1") == "1;2");
  CHECK(find("192.0.2.2") == "3;4");
  // Another program's, which nobody looks for.
  store.sweep(0, false);
  CHECK(test::run_task(place.loop, place.state->run([](StateDatabase& state) -> Result<void> {
    GP_TRY(storage::Statement * put,
           state.prepared("INSERT INTO screen VALUES('192.0.2.3', '5;6', 9)"));
    return put->perform();
  })));
  CHECK(find("192.0.2.3") == "none");
  store.forget("192.0.2.1");
  CHECK(find("192.0.2.1") == "none");
}

TEST_CASE("what was noted may be there, and little else", "[state]") {
  MaybeSeen seen;
  MaybeSeen others;
  for (int n = 0; n < 50'000; ++n) seen.note("a" + std::to_string(n));
  for (int n = 0; n < 50'000; ++n) others.note("b" + std::to_string(n));
  CHECK_FALSE(MaybeSeen().may_have("a1"));
  seen.note_all(others);
  CHECK(seen.noted() == 100'000);
  int wrong = 0;
  for (int n = 0; n < 50'000; ++n) {
    REQUIRE(seen.may_have("a" + std::to_string(n)));
    REQUIRE(seen.may_have("b" + std::to_string(n)));
    wrong += seen.may_have("c" + std::to_string(n)) ? 1 : 0;
  }
  CHECK(wrong < 2'000);
}
