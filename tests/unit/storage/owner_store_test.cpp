// SPDX-License-Identifier: Apache-2.0
// storage: what the owner said is there after a restart; rows of screening can all be forgotten.
#include "storage/owner_store.h"

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "doubles.h"
#include "house.h"
#include "storage/screen_store.h"

using namespace gatepost;
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
  std::unique_ptr<Files> files = make_system_files();
  asio::io_context loop{1};
  std::unique_ptr<StateStore> state;
  std::unique_ptr<OwnerStore> owner;
};

}  // namespace

TEST_CASE("what the owner said outlasts a restart, each kind by itself", "[storage]") {
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

TEST_CASE("clients that screening remembers are counted, swept and forgotten", "[storage]") {
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
