// SPDX-License-Identifier: Apache-2.0
// unit: failed logins make more failed logins slow, and then pointless.
#include "policy/auth_throttle.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

using gatepost::Duration;
using gatepost::Instant;
using gatepost::IpAddress;
using gatepost::policy::AuthThrottle;

namespace {

const IpAddress kEve = *IpAddress::parse("192.0.2.66");
const IpAddress kHome = *IpAddress::parse("198.51.100.7");
const Instant kStart{std::chrono::hours(1)};

AuthThrottle throttle(std::uint32_t clients, std::uint32_t users) {
  AuthThrottle out;
  out.configure({clients, users, Duration(60'000)});
  return out;
}

unsigned admitted(AuthThrottle& throttle,
                  const AuthThrottle::Attempt& who,
                  unsigned tries,
                  Instant at) {
  unsigned count = 0;
  for (unsigned i = 0; i < tries; ++i) count += throttle.admit(who, at) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a network that guesses is soon refused, and others are not", "[policy][throttle]") {
  AuthThrottle one = throttle(5, 0);
  CHECK(admitted(one, {kEve, "alice"}, 1000, kStart) == 5);
  CHECK(admitted(one, {kEve, "other"}, 1, kStart) == 0);
  CHECK(admitted(one, {kHome, "alice"}, 1, kStart) == 1);
}

TEST_CASE("failures are forgotten one after the other", "[policy][throttle]") {
  AuthThrottle one = throttle(6, 0);
  CHECK(admitted(one, {kEve, "a"}, 10, kStart) == 6);
  // Six in a minute: one in ten seconds.
  CHECK(admitted(one, {kEve, "a"}, 10, kStart + Duration(9'000)) == 0);
  CHECK(admitted(one, {kEve, "a"}, 10, kStart + Duration(20'000)) == 2);
  CHECK(admitted(one, {kEve, "a"}, 10, kStart + Duration(600'000)) == 6);
}

TEST_CASE("a good login costs nothing", "[policy][throttle]") {
  AuthThrottle one = throttle(2, 2);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(one.admit({kHome, "alice"}, kStart));
    one.succeeded({kHome, "alice"}, kStart);
  }
  REQUIRE(one.admit({kHome, "bob"}, kStart));
  one.refund({kHome, "bob"}, kStart);
  CHECK(admitted(one, {kHome, "bob"}, 5, kStart) == 2);
}

TEST_CASE("guesses at a name from everywhere do not lock its user out at home",
          "[policy][throttle]") {
  AuthThrottle one = throttle(0, 10);
  REQUIRE(one.admit({kHome, "alice"}, kStart));
  one.succeeded({kHome, "alice"}, kStart);
  unsigned taken = 0;
  for (int i = 0; i < 100; ++i) {
    const IpAddress from = *IpAddress::parse("203.0.113." + std::to_string(i));
    taken += one.admit({from, "ALICE"}, kStart) ? 1 : 0;
  }
  CHECK(taken == 10);
  CHECK(one.admit({kHome, "Alice"}, kStart));
  CHECK_FALSE(one.admit({kEve, "alice"}, kStart));
  // Not for ever.
  CHECK(admitted(one, {kEve, "alice"}, 100, kStart + AuthThrottle::kVouch) == 10);
  CHECK_FALSE(one.admit({kHome, "alice"}, kStart + AuthThrottle::kVouch));
}

TEST_CASE("an exempt network is not counted, the user still is", "[policy][throttle]") {
  AuthThrottle one = throttle(2, 4);
  CHECK(admitted(one, {kHome, "alice", true}, 10, kStart) == 4);
  CHECK(admitted(one, {kHome, "bob", true}, 10, kStart) == 4);
  CHECK(one.delay({kHome, "bob", true}, kStart) == Duration::zero());
}

TEST_CASE("replies to failures wait longer each time, up to a bound", "[policy][throttle]") {
  AuthThrottle one = throttle(20, 0);
  Duration last{0};
  for (int i = 0; i < 20; ++i) {
    REQUIRE(one.admit({kEve, "a"}, kStart));
    const Duration now = one.delay({kEve, "a"}, kStart);
    CHECK(now >= last);
    CHECK(now <= AuthThrottle::kMostDelay);
    last = now;
  }
  CHECK(last == AuthThrottle::kMostDelay);
  CHECK(one.delay({kHome, "a"}, kStart) < Duration(1000));
}

TEST_CASE("many networks cannot make it forget one that guesses", "[policy][throttle]") {
  AuthThrottle one = throttle(20, 0);
  CHECK(admitted(one, {kEve, "a"}, 20, kStart) == 20);
  for (std::size_t i = 0; i < 3 * AuthThrottle::kMostRows; ++i) {
    const std::string text = "10." + std::to_string(i / 65536) + "." +
                             std::to_string(i / 256 % 256) + "." + std::to_string(i % 256);
    REQUIRE(one.admit({*IpAddress::parse(text), "a"}, kStart));
  }
  CHECK_FALSE(one.admit({kEve, "a"}, kStart));
}
