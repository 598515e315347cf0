// SPDX-License-Identifier: Apache-2.0
// storage: bans over restarts.
#include "state/ban_store.h"

#include <memory>

#include <catch2/catch_test_macros.hpp>

#include "unit/storage/doubles.h"
#include "unit/storage/house.h"

using namespace gatepost;
using namespace gatepost::state;
using namespace gatepost::storage;

namespace {

constexpr Stamp kNow = kEarliest + 200 * 86'400;

struct Place {
  Place() { open(); }
  void open() {
    state = std::make_unique<StateStore>(loop, *files, scratch.path(), Instant());
    bans = std::make_unique<BanStore>(*state);
  }
  void restart() {
    state->stop(test::at_second(kNow), Instant());
    bans.reset();
    open();
  }
  BanStore::Content load() {
    auto content = test::run_task(loop, bans->load());
    if (!content) FAIL(content.error().detail);
    return *std::move(content);
  }

  test::Scratch scratch;
  std::unique_ptr<storage::Files> files = make_system_files();
  asio::io_context loop{1};
  std::unique_ptr<StateStore> state;
  std::unique_ptr<BanStore> bans;
};

}  // namespace

TEST_CASE("bans and good logins outlive a restart", "[state][bans]") {
  Place place;
  const BanStore::Row one{"192.0.2.1/32", kNow, kNow + 600, 2, false, "auth=5"};
  const BanStore::Row two{"2001:db8::/64", kNow, INT64_MAX, 1, true, "by hand"};
  place.bans->keep(one);
  place.bans->keep(two);
  place.bans->keep({"198.51.100.0/24", kNow, kNow + 60, 1, true, "by hand"});
  place.bans->forget("198.51.100.0/24");
  place.bans->keep_login("192.0.2.7/32", kNow);
  place.restart();
  const BanStore::Content content = place.load();
  CHECK(content.bans == std::vector{two, one});
  CHECK(content.logins == std::vector{BanStore::Login{"192.0.2.7/32", kNow}});
}

TEST_CASE("a network has one ban, and logins that are too old go", "[state][bans]") {
  Place place;
  place.bans->keep({"192.0.2.1/32", kNow, kNow + 600, 1, false, "auth=5"});
  place.bans->keep({"192.0.2.1/32", kNow + 700, kNow + 1900, 2, false, "trap=1"});
  place.bans->keep_login("192.0.2.7/32", kNow);
  place.bans->keep_login("192.0.2.8/32", kNow + 100);
  place.bans->sweep(kNow + 50);
  const BanStore::Content content = place.load();
  REQUIRE(content.bans.size() == 1);
  CHECK(content.bans.front().reason == "trap=1");
  CHECK(content.logins == std::vector{BanStore::Login{"192.0.2.8/32", kNow + 100}});
}
