// SPDX-License-Identifier: Apache-2.0
// server: who makes room for whom.
#include "server/crowd.h"

#include <algorithm>
#include <list>
#include <map>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using gatepost::IpAddress;
using gatepost::server::Crowd;

namespace {

IpAddress network(unsigned number) {
  return IpAddress::v4(
      {10, static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number & 0xffU), 0});
}

}  // namespace

TEST_CASE("the oldest unproven one of the network with most makes room", "[server][crowd]") {
  Crowd crowd;
  std::list<Crowd::Place> places(6);
  std::vector<Crowd::Place*> at;
  for (Crowd::Place& place : places) at.push_back(&place);
  CHECK(crowd.choose(network(1)) == nullptr);
  crowd.enter(*at[0], network(1), true);
  crowd.enter(*at[1], network(2), true);
  crowd.enter(*at[2], network(2), true);
  CHECK(crowd.choose(network(3)) == at[1]);
  CHECK(crowd.choose(network(1)) == at[1]);
  at[1]->prove();
  CHECK(crowd.open(network(2)) == 2);
  // All have one: the newcomer's own goes first.
  CHECK(crowd.choose(network(2)) == at[2]);
  CHECK(crowd.choose(network(1)) == at[0]);
  crowd.enter(*at[3], network(3), false);
  at[0]->leave();
  at[2]->leave();
  CHECK(crowd.choose(network(9)) == nullptr);
  CHECK(crowd.open(network(1)) == 0);
  CHECK(crowd.open(network(2)) == 1);
}

TEST_CASE("no network ever makes one leave that holds less than itself", "[server][crowd]") {
  std::mt19937 chance(7);  // NOLINT(cert-msc51-cpp): the same each time.
  Crowd crowd;
  struct One {
    Crowd::Place place;
    unsigned network = 0;
  };
  std::list<One> here;
  std::map<unsigned, unsigned> unproven;
  constexpr std::size_t kMost = 50;
  for (int round = 0; round < 5000; ++round) {
    // Some networks come more often than others.
    const unsigned who = (chance() % 8) * (chance() % 8);
    if (here.size() >= kMost) {
      Crowd::Place* const chosen = crowd.choose(network(who));
      REQUIRE(chosen != nullptr);
      const auto found = std::find_if(here.begin(), here.end(),
                                      [chosen](const One& one) { return &one.place == chosen; });
      REQUIRE(found != here.end());
      const bool own = found->network == who;
      if (!own) REQUIRE(unproven[found->network] > unproven[who]);
      for (const auto& [other, count] : unproven) REQUIRE(unproven[found->network] >= count);
      // The oldest of its network.
      const auto oldest = std::find_if(
          here.begin(), here.end(), [&](const One& one) { return one.network == found->network; });
      REQUIRE(oldest == found);
      --unproven[found->network];
      here.erase(found);
    }
    if (chance() % 5 == 0 && !here.empty()) {
      --unproven[here.front().network];
      here.pop_front();
    }
    here.emplace_back();
    here.back().network = who;
    crowd.enter(here.back().place, network(who), true);
    ++unproven[who];
    REQUIRE(crowd.open(network(who)) == unproven[who]);
  }
}
