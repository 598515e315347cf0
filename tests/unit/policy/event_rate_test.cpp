// SPDX-License-Identifier: Apache-2.0
// unit: events of one client in a time.
#include "policy/event_rate.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

using gatepost::Duration;
using gatepost::Instant;
using gatepost::IpAddress;
using gatepost::policy::EventRate;

TEST_CASE("events of a client are counted until its time is over", "[policy][event_rate]") {
  const Instant start{std::chrono::hours(1)};
  const Duration minute{60'000};
  const IpAddress one = *IpAddress::parse("192.0.2.1");
  const IpAddress two = *IpAddress::parse("2001:db8::");
  EventRate rate;
  CHECK(rate.count(one, minute, start) == 1);
  CHECK(rate.count(one, minute, start + Duration(59'999)) == 2);
  CHECK(rate.count(two, minute, start + Duration(59'999)) == 1);
  CHECK(rate.count(one, minute, start + minute) == 1);
}

TEST_CASE("a flood of addresses does not grow without bound", "[policy][event_rate]") {
  const Instant start{std::chrono::hours(1)};
  EventRate rate;
  for (std::size_t i = 0; i < 2 * EventRate::kMostClients; ++i) {
    const std::string text = "10." + std::to_string(i / 65536) + "." +
                             std::to_string(i / 256 % 256) + "." + std::to_string(i % 256);
    REQUIRE(rate.count(*IpAddress::parse(text), Duration(60'000), start) == 1);
  }
  // The first was forgotten with the crowd.
  CHECK(rate.count(*IpAddress::parse("10.0.0.0"), Duration(60'000), start) == 1);
}
