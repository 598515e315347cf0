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

/// A wrong password: false when it is not even looked at.
bool try_one(AuthThrottle& throttle, const AuthThrottle::Attempt& who, Instant at) {
  if (!throttle.is_open(who, at)) return false;
  throttle.failed(who, at);
  return true;
}

unsigned admitted(AuthThrottle& throttle,
                  const AuthThrottle::Attempt& who,
                  unsigned tries,
                  Instant at) {
  unsigned count = 0;
  for (unsigned i = 0; i < tries; ++i) count += try_one(throttle, who, at) ? 1 : 0;
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

TEST_CASE("good logins cost nothing, however many at once", "[policy][throttle]") {
  AuthThrottle one = throttle(2, 2);
  for (int i = 0; i < 100; ++i) REQUIRE(one.is_open({kHome, "alice"}, kStart));
  for (int i = 0; i < 100; ++i) one.succeeded({kHome, "alice"}, kStart);
  CHECK(admitted(one, {kHome, "bob"}, 5, kStart) == 2);
}

TEST_CASE("a network is what one party has at least", "[policy][throttle]") {
  const auto network = [](const char* text) {
    return AuthThrottle::network_of(*IpAddress::parse(text)).text();
  };
  CHECK(network("2001:db8:1:2:3:4:5:6") == network("2001:db8:1:2:ffff::1"));
  CHECK(network("2001:db8:1:2::1") != network("2001:db8:1:3::1"));
  CHECK(network("192.0.2.1") != network("192.0.2.2"));
}

TEST_CASE("guesses at a name from everywhere do not lock its user out at home",
          "[policy][throttle]") {
  AuthThrottle one = throttle(0, 10);
  one.succeeded({kHome, "alice"}, kStart);
  unsigned taken = 0;
  for (int i = 0; i < 100; ++i) {
    const IpAddress from = *IpAddress::parse("203.0.113." + std::to_string(i));
    taken += try_one(one, {from, "ALICE"}, kStart) ? 1 : 0;
  }
  CHECK(taken == 100);  // One each.
  CHECK(admitted(one, {*IpAddress::parse("203.0.113.1"), "alice"}, 5, kStart) == 0);
  CHECK(try_one(one, {kHome, "Alice"}, kStart));
  // Not for ever.
  CHECK(admitted(one, {kEve, "alice"}, 100, kStart + AuthThrottle::kVouch) == 10);
  CHECK(admitted(one, {kHome, "alice"}, 100, kStart + AuthThrottle::kVouch) == 1);
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
    REQUIRE(try_one(one, {kEve, "a"}, kStart));
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
    REQUIRE(try_one(one, {*IpAddress::parse(text), "a"}, kStart));
  }
  CHECK_FALSE(try_one(one, {kEve, "a"}, kStart));
}

TEST_CASE("a vouched user is judged by its own failures there", "[policy][throttle]") {
  AuthThrottle one = throttle(5, 100);
  one.succeeded({kHome, "bob"}, kStart);
  CHECK(admitted(one, {kHome, "carol"}, 50, kStart) == 5);
  CHECK(admitted(one, {kHome, "bob"}, 50, kStart) == 5);
  CHECK(admitted(one, {kHome, "bob"}, 50, kStart + Duration(60'000)) == 5);
  // What bob does is the network's doing too.
  CHECK_FALSE(try_one(one, {kHome, "dave"}, kStart + Duration(60'000)));
}

TEST_CASE("a network without failures has one try for a user that others have locked",
          "[policy][throttle]") {
  AuthThrottle one = throttle(20, 3);
  CHECK(admitted(one, {kEve, "alice"}, 50, kStart) == 3);
  CHECK(one.is_open({kHome, "alice"}, kStart));
  CHECK(admitted(one, {kHome, "alice"}, 50, kStart) == 1);
  // Where somebody failed at another name there is none.
  CHECK(admitted(one, {kHome, "bob"}, 50, kStart) == 3);
  const IpAddress office = *IpAddress::parse("203.0.113.9");
  CHECK(try_one(one, {office, "other"}, kStart));
  CHECK_FALSE(one.is_open({office, "alice"}, kStart));
  CHECK(admitted(one, {kHome, "alice", true}, 50, kStart + Duration(1'000)) == 0);
  // A right password vouches, as ever.
  const IpAddress hotel = *IpAddress::parse("203.0.113.10");
  REQUIRE(one.is_open({hotel, "alice"}, kStart));
  one.succeeded({hotel, "alice"}, kStart);
  CHECK(admitted(one, {hotel, "alice"}, 50, kStart) == 20);
}
