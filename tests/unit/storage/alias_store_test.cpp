// SPDX-License-Identifier: Apache-2.0
// storage: throw-away addresses over restarts, and a damaged file of them.
#include "storage/alias_store.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>

#include "house.h"

using namespace gatepost;
using namespace gatepost::storage;

namespace {

mail::Throwaway shop() {
  mail::Throwaway out;
  out.address = "alice.shop-aaaa@example.com";
  out.targets = "alice@example.com";
  out.label = "shop";
  out.made = 100;
  out.expires = 200;
  out.binding = mail::Binding::Domain;
  out.domain = "shop.example";
  out.most_uses = 7;
  out.uses = 3;
  out.last_used = 150;
  out.leaks = {{"other.example", 4, 160}, {"third.example", 1, 170}};
  return out;
}

struct Place {
  test::Scratch scratch;
  std::unique_ptr<Files> files = make_system_files();
  std::vector<std::string> problems;
  std::unique_ptr<AliasStore> open() {
    auto opened = AliasStore::open(*files, scratch.path(), problems);
    if (!opened) FAIL(opened.error().detail);
    return *std::move(opened);
  }
};

}  // namespace

TEST_CASE("a throw-away address is read back as it was written", "[storage][alias_store]") {
  Place place;
  {
    const auto store = place.open();
    store->put(shop());
    mail::Throwaway trap = shop();
    trap.address = "trap@example.com";
    trap.trap = true;
    trap.leaks.clear();
    store->put(trap);
    mail::Throwaway gone = shop();
    gone.address = "gone@example.com";
    store->put(gone);
    store->erase("gone@example.com");
    REQUIRE(store->flush());
  }
  const auto loaded = place.open()->load();
  REQUIRE(loaded);
  REQUIRE(loaded->size() == 2);
  const mail::Throwaway& one = loaded->front();
  const mail::Throwaway want = shop();
  CHECK(one.address == want.address);
  CHECK(one.targets == want.targets);
  CHECK(one.label == want.label);
  CHECK(one.made == want.made);
  CHECK(one.expires == want.expires);
  CHECK(one.binding == want.binding);
  CHECK(one.domain == want.domain);
  CHECK(one.most_uses == want.most_uses);
  CHECK(one.uses == want.uses);
  CHECK(one.last_used == want.last_used);
  CHECK_FALSE(one.trap);
  REQUIRE(one.leaks.size() == 2);
  CHECK(one.leaks.front().domain == "other.example");
  CHECK(one.leaks.front().count == 4);
  CHECK(loaded->back().trap);
  CHECK(place.problems.empty());
}

TEST_CASE("of several changes the last one counts", "[storage][alias_store]") {
  Place place;
  const auto store = place.open();
  for (std::uint64_t uses = 0; uses < 5; ++uses) {
    mail::Throwaway one = shop();
    one.uses = uses;
    store->put(one);
  }
  REQUIRE(store->flush());
  REQUIRE(store->flush());
  const auto loaded = store->load();
  REQUIRE(loaded);
  REQUIRE(loaded->size() == 1);
  CHECK(loaded->front().uses == 4);
}

TEST_CASE("a damaged file is set aside and told", "[storage][alias_store]") {
  Place place;
  std::ofstream(place.scratch.path() + "/aliases.db") << std::string(8192, 'x');
  auto store = place.open();
  REQUIRE(place.problems.size() == 3);
  CHECK(place.problems[1] == "aliases.db is damaged; it is kept as aliases.db.damaged-1");
  CHECK(place.problems[2].find("aliases.db.damaged-1: addresses may be missing") !=
        std::string::npos);
  CHECK(store->is_incomplete());
  REQUIRE(store->load());
  CHECK(store->load()->empty());
  // It stays so until somebody has taken the file away.
  store.reset();
  place.problems.clear();
  CHECK(place.open()->is_incomplete());
  CHECK(place.problems.size() == 1);
  std::filesystem::remove(place.scratch.path() + "/aliases.db.damaged-1");
  CHECK_FALSE(place.open()->is_incomplete());
}
