// SPDX-License-Identifier: Apache-2.0
// unit: what one login may send, and what becomes of it when it sends more.
#include "policy/login_limits.h"

#include <cstdint>
#include <string>
#include <string_view>

#include <catch2/catch_test_macros.hpp>

using gatepost::IpAddress;
using gatepost::Moment;
using gatepost::policy::LoginLimits;

namespace {

const IpAddress kHome = *IpAddress::parse("198.51.100.7");
const Moment kNoon{std::chrono::hours(12)};

LoginLimits limits(std::uint32_t messages, std::uint32_t recipients, std::uint32_t networks) {
  LoginLimits out;
  out.configure({messages, recipients, networks});
  return out;
}

enum class Verdict : std::uint8_t { Pass, Trip, Hold };

/// A message that is stored.
Verdict send(LoginLimits& limits,
             std::string_view login,
             std::uint32_t recipients,
             const IpAddress& network,
             Moment at) {
  if (!limits.count(login, recipients, network, at).hold) return Verdict::Pass;
  return limits.settle(login, at) ? Verdict::Trip : Verdict::Hold;
}

}  // namespace

TEST_CASE("the message past the limit trips the breaker, once", "[policy][login_limits]") {
  LoginLimits one = limits(3, 0, 0);
  for (int i = 0; i < 3; ++i) CHECK(send(one, "alice", 1, kHome, kNoon) == Verdict::Pass);
  CHECK(send(one, "Alice", 1, kHome, kNoon) == Verdict::Trip);
  CHECK(send(one, "alice", 1, kHome, kNoon) == Verdict::Hold);
  CHECK(send(one, "bob", 1, kHome, kNoon) == Verdict::Pass);
  REQUIRE(one.find_held("ALICE") != nullptr);
  CHECK(one.find_held("alice")->reason == "4 messages in an hour (login_hourly_message_limit = 3)");
  CHECK(one.find_held("bob") == nullptr);
}

TEST_CASE("an hour is one that slides", "[policy][login_limits]") {
  LoginLimits one = limits(10, 0, 0);
  const auto minutes = [](int count) { return kNoon + std::chrono::minutes(count); };
  for (int i = 0; i < 10; ++i) CHECK(send(one, "alice", 1, kHome, minutes(50)) == Verdict::Pass);
  // Ten minutes into the next hour five sixths of the last still count.
  CHECK(send(one, "alice", 1, kHome, minutes(70)) == Verdict::Pass);
  CHECK(send(one, "alice", 1, kHome, minutes(70)) == Verdict::Pass);
  CHECK(send(one, "alice", 1, kHome, minutes(70)) == Verdict::Trip);
  LoginLimits other = limits(10, 0, 0);
  for (int i = 0; i < 10; ++i) CHECK(send(other, "alice", 1, kHome, minutes(50)) == Verdict::Pass);
  CHECK(send(other, "alice", 1, kHome, minutes(300)) == Verdict::Pass);
}

TEST_CASE("recipients and networks have limits of their own", "[policy][login_limits]") {
  LoginLimits one = limits(0, 100, 0);
  CHECK(send(one, "alice", 100, kHome, kNoon) == Verdict::Pass);
  CHECK(send(one, "alice", 1, kHome, kNoon) == Verdict::Trip);
  CHECK(one.find_held("alice")->reason ==
        "101 recipients in an hour (login_hourly_recipient_limit = 100)");
  LoginLimits two = limits(0, 0, 3);
  for (int i = 0; i < 9; ++i) {
    const IpAddress from = *IpAddress::parse("203.0.113." + std::to_string(i % 3));
    CHECK(send(two, "bob", 1, from, kNoon) == Verdict::Pass);
  }
  // The day after they are forgotten.
  CHECK(send(two, "bob", 1, kHome, kNoon + std::chrono::hours(25)) == Verdict::Pass);
  for (int i = 0; i < 2; ++i) {
    const IpAddress from = *IpAddress::parse("203.0.113." + std::to_string(i));
    CHECK(send(two, "bob", 1, from, kNoon + std::chrono::hours(26)) == Verdict::Pass);
  }
  CHECK(send(two, "bob", 1, *IpAddress::parse("192.0.2.1"), kNoon + std::chrono::hours(27)) ==
        Verdict::Trip);
  CHECK(two.find_held("bob")->reason == "4 networks in a day (login_daily_network_limit = 3)");
}

TEST_CASE("no limit holds nobody", "[policy][login_limits]") {
  LoginLimits one = limits(0, 0, 0);
  for (int i = 0; i < 5000; ++i) REQUIRE(send(one, "alice", 1000, kHome, kNoon) == Verdict::Pass);
}

TEST_CASE("of a held login so much is kept and no more", "[policy][login_limits]") {
  LoginLimits one;
  one.configure({1, 0, 0, 3, 1000});
  one.note_held("alice", 5000);
  CHECK_FALSE(one.is_full("alice"));
  CHECK(send(one, "alice", 1, kHome, kNoon) == Verdict::Pass);
  CHECK(send(one, "alice", 1, kHome, kNoon) == Verdict::Trip);
  for (int n = 0; n < 3; ++n) {
    CHECK_FALSE(one.is_full("Alice"));
    one.note_held("ALICE", 10);
  }
  CHECK(one.is_full("alice"));
  one.forget_held("alice");
  CHECK_FALSE(one.is_full("alice"));
  one.note_held("alice", 1000);
  CHECK(one.is_full("alice"));
  CHECK(one.release("alice"));
  CHECK_FALSE(one.is_full("alice"));
}

TEST_CASE("a released login begins anew", "[policy][login_limits]") {
  LoginLimits one = limits(1, 0, 0);
  CHECK_FALSE(one.release("alice"));
  CHECK(send(one, "alice", 1, kHome, kNoon) == Verdict::Pass);
  CHECK(send(one, "alice", 1, kHome, kNoon) == Verdict::Trip);
  CHECK(one.release("ALICE"));
  CHECK_FALSE(one.release("alice"));
  CHECK(send(one, "alice", 1, kHome, kNoon) == Verdict::Pass);
}

TEST_CASE("who is held is known after a restart", "[policy][login_limits]") {
  LoginLimits one = limits(1, 0, 0);
  for (const char* name : {"alice@example.com", "bob"}) {
    CHECK(send(one, name, 1, kHome, kNoon) == Verdict::Pass);
    CHECK(send(one, name, 1, kHome, kNoon) == Verdict::Trip);
  }
  LoginLimits after = limits(1, 0, 0);
  after.restore(one.text() + "nonsense\n\nx 1\nx notanumber y\nz 99999999999999999999 y\n");
  CHECK(after.held().size() == 2);
  REQUIRE(after.find_held("alice@example.com") != nullptr);
  CHECK(after.find_held("alice@example.com")->since == kNoon);
  CHECK(after.find_held("bob")->reason == "2 messages in an hour (login_hourly_message_limit = 1)");
  CHECK(after.text() == one.text());
  CHECK(send(after, "bob", 1, kHome, kNoon) == Verdict::Hold);
}

TEST_CASE("a message that was refused does not count", "[policy][login_limits]") {
  LoginLimits one = limits(2, 100, 0);
  for (int i = 0; i < 9; ++i) {
    const auto counted = one.count("alice", 100, kHome, kNoon);
    CHECK_FALSE(counted.hold);
    one.take_back("alice", counted, kNoon);
  }
  for (int i = 0; i < 2; ++i) CHECK(send(one, "alice", 1, kHome, kNoon) == Verdict::Pass);
  // Nor one that would have been held.
  const auto held = one.count("alice", 1, kHome, kNoon);
  CHECK(held.hold);
  one.take_back("alice", held, kNoon);
  CHECK(one.find_held("alice") == nullptr);
  CHECK(send(one, "alice", 1, kHome, kNoon) == Verdict::Trip);
  one.take_back("alice", held, kNoon);
  one.take_back("bob", held, kNoon);
}

TEST_CASE("what was begun before a release is not taken from the counts after it",
          "[policy][login_limits]") {
  LoginLimits one = limits(1, 0, 0);
  const auto before = one.count("alice", 1, kHome, kNoon);
  CHECK(send(one, "alice", 1, kHome, kNoon) == Verdict::Trip);
  const auto during = one.count("alice", 1, kHome, kNoon);
  CHECK(during.hold);
  REQUIRE(one.release("alice"));
  CHECK(send(one, "alice", 1, kHome, kNoon) == Verdict::Pass);
  one.take_back("alice", before, kNoon);
  one.take_back("alice", during, kNoon);
  CHECK(send(one, "alice", 1, kHome, kNoon) == Verdict::Trip);
}

TEST_CASE("of many messages at once those past the limit are held", "[policy][login_limits]") {
  LoginLimits one = limits(3, 0, 0);
  int free = 0;
  LoginLimits::Counted last;
  for (int i = 0; i < 10; ++i) {
    last = one.count("alice", 1, kHome, kNoon);
    free += last.hold ? 0 : 1;
  }
  CHECK(free == 3);
  // The others were refused before the fourth was stored: it is let go.
  for (int i = 0; i < 7; ++i) one.take_back("alice", last, kNoon);
  CHECK_FALSE(one.settle("alice", kNoon));
  CHECK(one.find_held("alice") == nullptr);
}
