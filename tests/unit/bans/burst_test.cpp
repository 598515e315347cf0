// SPDX-License-Identifier: Apache-2.0
// bans: bursts of connections, compared with a model of xt_recent.
#include "bans/burst.h"

#include <cstdint>
#include <map>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace gatepost::bans {
namespace {

Instant at(std::int64_t milliseconds) {
  return Instant(std::chrono::hours(1) + Duration(milliseconds));
}

Burst::Key key(std::uint8_t last, std::uint8_t group = 0) {
  return {group, IpAddress::v4({192, 0, 2, last})};
}

/// What the kernel does for `--set` and then `--update --seconds --hitcount`: net/netfilter/xt_recent.c
/// keeps every stamp here, and counts those that are not older.
struct Model {
  std::uint32_t hits;
  std::int64_t time;
  std::map<std::uint8_t, std::vector<std::int64_t>> stamps = {};

  bool is_too_many(std::uint8_t client, std::int64_t now) {
    auto& own = stamps[client];
    own.push_back(now);
    std::uint32_t found = 0;
    for (const std::int64_t one : own) found += (one >= now - time) ? 1U : 0U;
    const bool out = found >= hits;
    if (out) own.push_back(now);
    return out;
  }
};

TEST_CASE("the limit's text is hits and a time", "[bans]") {
  CHECK(*BurstLimit::parse("20/10s") == BurstLimit{20, Duration(10'000)});
  CHECK(*BurstLimit::parse("20/10") == BurstLimit{20, Duration(10'000)});
  CHECK(*BurstLimit::parse("1000/1h") == BurstLimit{1000, Duration(3'600'000)});
  CHECK(*BurstLimit::parse("3/2m") == BurstLimit{3, Duration(120'000)});
  CHECK(*BurstLimit::parse("") == BurstLimit{});
  for (const char* wrong :
       {"20", "/", "20/", "/10s", "0/10s", "20/0s", "1001/1s", "2/2h", "2/61m", "-1/1s", "20/10x",
        "20/s", "20/10ss", "20 / 10s", "99999999999999999999/1s"}) {
    INFO(wrong);
    CHECK_FALSE(BurstLimit::parse(wrong));
  }
}

TEST_CASE("the twentieth connection within ten seconds is one too many", "[bans]") {
  Burst burst;
  burst.configure({20, Duration(10'000)});
  for (int i = 0; i < 19; ++i) CHECK_FALSE(burst.is_too_many(key(1), at(i * 100)));
  CHECK(burst.is_too_many(key(1), at(1900)));
  CHECK_FALSE(burst.is_too_many(key(2), at(1900)));
  CHECK_FALSE(burst.is_too_many(key(1, 1), at(1900)));
}

TEST_CASE("who goes on trying stays out, who waits comes in again", "[bans]") {
  Burst burst;
  burst.configure({20, Duration(10'000)});
  for (int i = 0; i < 20; ++i) static_cast<void>(burst.is_too_many(key(1), at(0)));
  // One attempt a second leaves two stamps: twenty in ten seconds.
  for (int second = 1; second <= 60; ++second) CHECK(burst.is_too_many(key(1), at(second * 1000)));
  CHECK_FALSE(burst.is_too_many(key(1), at(60'000 + 10'001)));
}

TEST_CASE("bursts are counted as the kernel counts them", "[bans]") {
  std::uint32_t seed = 12345;
  const auto random = [&seed](std::uint32_t below) {
    seed = seed * 1'664'525 + 1'013'904'223;
    return (seed >> 8U) % below;
  };
  for (const std::uint32_t hits : {1U, 2U, 5U, 20U}) {
    Burst burst;
    burst.configure({hits, Duration(10'000)});
    Model model{hits, 10'000};
    std::int64_t now = 0;
    for (int i = 0; i < 5000; ++i) {
      now += random(random(10) == 0 ? 12'000 : 900);
      const auto client = static_cast<std::uint8_t>(random(3));
      INFO(hits << " hits, step " << i);
      REQUIRE(burst.is_too_many(key(client), at(now)) == model.is_too_many(client, now));
    }
  }
}

TEST_CASE("of more clients than there is room for the one not seen for longest is forgotten",
          "[bans]") {
  Burst burst;
  burst.configure({2, Duration(10'000)});
  CHECK_FALSE(burst.is_too_many(key(1), at(0)));
  for (std::uint32_t i = 0; i < Burst::kMostClients - 1; ++i) {
    const auto high = static_cast<std::uint8_t>(i >> 8U);
    const auto low = static_cast<std::uint8_t>(i & 0xffU);
    static_cast<void>(burst.is_too_many({0, IpAddress::v4({10, 0, high, low})}, at(1)));
  }
  CHECK(burst.clients() == Burst::kMostClients);
  CHECK(burst.is_too_many(key(1), at(2)));
  CHECK_FALSE(burst.is_too_many(key(3), at(3)));
  CHECK(burst.clients() == Burst::kMostClients);
  // 10.0.0.0 was the oldest.
  CHECK_FALSE(burst.is_too_many({0, IpAddress::v4({10, 0, 0, 0})}, at(4)));
  CHECK(burst.is_too_many(key(1), at(5)));
}

TEST_CASE("without a limit nobody comes too often", "[bans]") {
  Burst burst;
  for (int i = 0; i < 100; ++i) CHECK_FALSE(burst.is_too_many(key(1), at(0)));
  CHECK(burst.clients() == 0);
}

}  // namespace
}  // namespace gatepost::bans
