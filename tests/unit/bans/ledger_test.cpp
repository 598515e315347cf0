// SPDX-License-Identifier: Apache-2.0
// bans: who is banned for what, for how long, and who never is.
#include "bans/ledger.h"

#include <catch2/catch_test_macros.hpp>

namespace gatepost::bans {
namespace {

constexpr Stamp kNow = 1'795'000'000;

IpAddress host(std::uint8_t last) {
  return IpAddress::v4({192, 0, 2, last});
}

Settings usual() {
  Settings out;
  out.enabled = true;
  out.rules = *Rules::parse(
      "auth=1, pregreet=1, dnsbl=1, unknown_user=0.5, relay_denied=1, too_many_errors=1, trap=5");
  return out;
}

Ledger ledger(const Settings& settings = usual()) {
  Ledger out;
  out.configure(settings);
  return out;
}

/// As often as it takes.
Ban ban_of(Ledger& books, const IpAddress& client, Stamp now) {
  for (int i = 0; i < 10; ++i) {
    if (auto ban = books.note(client, Offence::Auth, now)) return *ban;
  }
  FAIL("no ban");
  return {};
}

TEST_CASE("offences within the find time that reach the threshold lead to a ban", "[bans]") {
  Ledger books = ledger();
  for (int i = 0; i < 4; ++i) CHECK_FALSE(books.note(host(1), Offence::Auth, kNow + i));
  CHECK(books.find(host(1), kNow + 4) == nullptr);
  const auto ban = books.note(host(1), Offence::Pregreet, kNow + 4);
  REQUIRE(ban);
  CHECK(ban->network == *Network::parse("192.0.2.1/32"));
  CHECK(ban->reason == "auth=4, pregreet=1");
  CHECK(ban->until == kNow + 604);
  CHECK(ban->count == 1);
  CHECK(books.find(host(1), kNow + 603) != nullptr);
  CHECK(books.find(host(1), kNow + 604) == nullptr);
  CHECK(books.find(host(2), kNow + 4) == nullptr);
}

TEST_CASE("offences older than the find time do not count", "[bans]") {
  Ledger books = ledger();
  for (int i = 0; i < 4; ++i) CHECK_FALSE(books.note(host(1), Offence::Auth, kNow));
  CHECK_FALSE(books.note(host(1), Offence::Auth, kNow + 600));
  CHECK(books.look_up(host(1), kNow + 600).score == kOne);
}

TEST_CASE("each offence weighs what the rules say", "[bans]") {
  Ledger books = ledger();
  for (int i = 0; i < 9; ++i) CHECK_FALSE(books.note(host(1), Offence::UnknownUser, kNow));
  CHECK(books.note(host(1), Offence::UnknownUser, kNow));
  CHECK(books.note(host(2), Offence::Trap, kNow));
  Settings settings = usual();
  settings.rules = *Rules::parse("auth=1");
  Ledger others = ledger(settings);
  for (int i = 0; i < 20; ++i) CHECK_FALSE(others.note(host(1), Offence::Trap, kNow));
}

TEST_CASE("a flood of small offences is no way to push older ones out", "[bans]") {
  Settings settings = usual();
  settings.rules = *Rules::parse("unknown_user=0.1");
  Ledger books = ledger(settings);
  for (int i = 0; i < 49; ++i) CHECK_FALSE(books.note(host(1), Offence::UnknownUser, kNow));
  CHECK(books.note(host(1), Offence::UnknownUser, kNow));
}

TEST_CASE("each further ban is twice as long, up to the longest, and days without one halve it",
          "[bans]") {
  Ledger books = ledger();
  Stamp now = kNow;
  Stamp expected = 600;
  for (int i = 0; i < 14; ++i) {
    const Ban ban = ban_of(books, host(1), now);
    CHECK(ban.until - ban.begun == expected);
    now = ban.until;
    expected = std::min<Stamp>(expected * 2, 604'800);
  }
  // Fourteen bans, ten of which are forgotten.
  const Ban later = ban_of(books, host(1), now + 10 * 86'400);
  CHECK(later.count == 5);
  CHECK(later.until - later.begun == 600 * 16);
  const Ban long_after = ban_of(books, host(1), later.until + 30 * 86'400);
  CHECK(long_after.count == 1);
}

TEST_CASE("without increment all bans are as long", "[bans]") {
  Settings settings = usual();
  settings.growing = false;
  Ledger books = ledger(settings);
  const Ban first = ban_of(books, host(1), kNow);
  const Ban second = ban_of(books, host(1), first.until);
  CHECK(second.count == 2);
  CHECK(second.until - second.begun == 600);
}

TEST_CASE("a network with a recent good login is never banned for what it does", "[bans]") {
  Ledger books = ledger();
  CHECK(books.note_login(host(1), kNow));
  CHECK_FALSE(books.note_login(host(1), kNow + 10));
  for (int i = 0; i < 100; ++i) CHECK_FALSE(books.note(host(1), Offence::Trap, kNow + 86'399));
  CHECK(books.look_up(host(1), kNow + 86'399).login == kNow);
  // Past the time, and the hour's grain, it is one like others.
  CHECK(books.note(host(1), Offence::Trap, kNow + 86'400 + 3600));
}

TEST_CASE("a ban by hand holds whatever logged in", "[bans]") {
  Ledger books = ledger();
  books.note_login(host(1), kNow);
  books.add(*Network::parse("192.0.2.0/24"), Ban::kForever, "by hand", kNow);
  CHECK(books.refuses(host(1), kNow + 1'000'000'000));
}

TEST_CASE("an IPv6 network is one, as what one party has", "[bans]") {
  Ledger books = ledger();
  const auto one = *IpAddress::parse("2001:db8::1");
  const auto sibling = *IpAddress::parse("2001:db8::ffff:1");
  ban_of(books, one, kNow);
  CHECK(books.find(sibling, kNow) != nullptr);
  CHECK(books.find(*IpAddress::parse("2001:db8:0:1::1"), kNow) == nullptr);
}

TEST_CASE("bans by hand have any size, and end when they are taken back or over", "[bans]") {
  Ledger books = ledger();
  books.add(*Network::parse("198.51.100.0/24"), 60, "by hand", kNow);
  const auto inside = *IpAddress::parse("198.51.100.77");
  CHECK(books.refuses(inside, kNow));
  CHECK(books.refuses(inside, kNow + 59));
  CHECK(books.take_ended(kNow + 59).empty());
  const auto ended = books.take_ended(kNow + 60);
  REQUIRE(ended.size() == 1);
  CHECK(ended.front().refused == 2);
  CHECK(books.take_ended(kNow + 61).empty());
  books.add(*Network::parse("198.51.100.0/24"), Ban::kForever, "by hand", kNow);
  CHECK(books.remove(*Network::parse("198.51.100.0/24"), kNow));
  CHECK_FALSE(books.remove(*Network::parse("198.51.100.0/24"), kNow));
  CHECK(books.find(inside, kNow) == nullptr);
  CHECK(books.list(kNow).empty());
}

TEST_CASE("taking a ban back forgets what led to it", "[bans]") {
  Ledger books = ledger();
  ban_of(books, host(1), kNow);
  CHECK(books.remove(*Network::parse("192.0.2.1/32"), kNow));
  CHECK(books.look_up(host(1), kNow).score == 0);
  const Ban again = ban_of(books, host(1), kNow);
  CHECK(again.count == 1);
}

TEST_CASE("what a banned network does in sessions it still has does not prolong its ban",
          "[bans]") {
  Ledger books = ledger();
  const Ban ban = ban_of(books, host(1), kNow);
  for (int i = 0; i < 20; ++i) CHECK_FALSE(books.note(host(1), Offence::Auth, kNow + 1));
  CHECK(books.find(host(1), kNow + 1)->until == ban.until);
}

TEST_CASE("bans are restored with what is left of them, and ended ones for the next", "[bans]") {
  Ledger books = ledger();
  const Network one{host(1), 32};
  const Network two{host(2), 32};
  const Network old{host(3), 32};
  books.restore({one, kNow - 100, kNow + 500, 1, false, "x"}, kNow);
  books.restore({two, kNow - 1000, kNow - 400, 3, false, "x"}, kNow);
  books.restore({old, kNow - 90 * 86'400, kNow - 89 * 86'400, 3, false, "x"}, kNow);
  books.restore_login({host(4), 32}, kNow - 50, kNow);
  CHECK(books.find(host(1), kNow + 499) != nullptr);
  CHECK(books.find(host(2), kNow) == nullptr);
  CHECK_FALSE(books.look_up(host(3), kNow).ban);
  CHECK(ban_of(books, host(2), kNow).count == 4);
  CHECK_FALSE(books.note(host(4), Offence::Trap, kNow));
  // Its end was told before the restart.
  CHECK(books.take_ended(kNow + 500).size() == 1);
}

TEST_CASE("a ban made by a clock that was ahead is as long as it was", "[bans]") {
  Ledger books = ledger();
  books.restore({{host(1), 32}, kNow + 1'000'000, kNow + 1'000'600, 1, false, "x"}, kNow);
  CHECK(books.find(host(1), kNow + 599) != nullptr);
  CHECK(books.find(host(1), kNow + 600) == nullptr);
}

TEST_CASE("bans that are over and forgotten leave the books", "[bans]") {
  Ledger books = ledger();
  const Ban ban = ban_of(books, host(1), kNow);
  CHECK(books.take_ended(ban.until).size() == 1);
  CHECK(books.sweep(ban.until + 86'399).empty());
  CHECK(books.sweep(ban.until + 86'400).size() == 1);
}

TEST_CASE("more networks than there is room for push out the least of what is known", "[bans]") {
  Settings settings = usual();
  settings.network_threshold = 0;
  Ledger books = ledger(settings);
  const auto number = [](std::uint32_t i) {
    return IpAddress::v4({10, static_cast<std::uint8_t>(i >> 16U),
                          static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i)});
  };
  for (int i = 0; i < 4; ++i) books.note(host(1), Offence::Auth, kNow);
  for (std::uint32_t i = 0; i < Ledger::kMostSuspects; ++i)
    books.note(number(i), Offence::Auth, kNow);
  CHECK(books.look_up(host(1), kNow).score == 0);
  books.add({host(2), 32}, 10, "short", kNow);
  for (std::uint32_t i = 0; i < Ledger::kMostBans; ++i) books.note(number(i), Offence::Trap, kNow);
  CHECK(books.list(kNow).size() == Ledger::kMostBans);
  CHECK(books.find(host(2), kNow) == nullptr);
}

TEST_CASE("where bans are off nothing is counted, and bans by hand hold", "[bans]") {
  Settings settings = usual();
  settings.enabled = false;
  Ledger books = ledger(settings);
  for (int i = 0; i < 20; ++i) CHECK_FALSE(books.note(host(1), Offence::Trap, kNow));
  books.add({host(1), 32}, 10, "by hand", kNow);
  CHECK(books.refuses(host(1), kNow));
}

TEST_CASE("many addresses of one /24 that misbehave a little get all of it banned", "[bans]") {
  Ledger books = ledger();
  // 49 halves are one too few; 25 of five count.
  for (int i = 1; i <= 49; ++i) {
    CHECK_FALSE(books.note(host(static_cast<std::uint8_t>(i)), Offence::UnknownUser, kNow));
  }
  CHECK_FALSE(books.note(IpAddress::v4({192, 0, 3, 1}), Offence::UnknownUser, kNow));
  const auto ban = books.note(host(200), Offence::UnknownUser, kNow);
  REQUIRE(ban);
  CHECK(ban->network == *Network::parse("192.0.2.0/24"));
  CHECK(ban->reason == "offences of 50 addresses");
  CHECK(ban->until == kNow + 600);
  CHECK(books.find(host(77), kNow) != nullptr);
  CHECK(books.find(IpAddress::v4({192, 0, 3, 1}), kNow) == nullptr);
  // It is over when it is over: what led to it counts no more.
  CHECK_FALSE(books.note(host(1), Offence::UnknownUser, ban->until));
}

TEST_CASE("one address counts for no more than one of those that get its network banned",
          "[bans]") {
  Ledger books = ledger();
  Stamp now = kNow;
  for (int i = 0; i < 20; ++i) {
    const Ban ban = ban_of(books, host(1), now);
    CHECK(ban.network.prefix == 32);
    now = ban.until;
  }
  Ledger others = ledger();
  for (std::uint8_t i = 1; i <= 4; ++i) CHECK(ban_of(others, host(i), kNow).network.prefix == 32);
  const Ban fifth = ban_of(others, host(5), kNow);
  CHECK(fifth.network == *Network::parse("192.0.2.0/24"));
  // Taken back with those inside of it, or the next offence would bring it back.
  CHECK(others.banned_inside(fifth.network).size() == 4);
}

TEST_CASE("many /64 of one /48 that misbehave get all of it banned, and its neighbour not",
          "[bans]") {
  Ledger books = ledger();
  std::optional<Ban> ban;
  std::array<std::uint8_t, 16> octets{0x20, 0x01, 0x0d, 0xb8, 0, 1};
  for (std::uint8_t i = 1; i <= 30 && !ban; ++i) {
    octets[7] = i;
    ban = books.note(IpAddress::v6(octets), Offence::Auth, kNow);
  }
  REQUIRE(ban);
  CHECK(ban->network == *Network::parse("2001:db8:1::/48"));
  octets[5] = 2;
  CHECK(books.find(IpAddress::v6(octets), kNow) == nullptr);
}

TEST_CASE(
    "a network from which a user logged in, and any where it is off, is not banned as a whole",
    "[bans]") {
  Ledger books = ledger();
  CHECK(books.note_login(host(99), kNow));
  for (std::uint8_t i = 1; i <= 20; ++i) CHECK(ban_of(books, host(i), kNow).network.prefix == 32);
  Settings settings = usual();
  settings.network_threshold = 0;
  Ledger off = ledger(settings);
  for (std::uint8_t i = 1; i <= 20; ++i) CHECK(ban_of(off, host(i), kNow).network.prefix == 32);
}

TEST_CASE("what was banned by hand gets nothing around it banned", "[bans]") {
  Ledger books = ledger();
  for (std::uint8_t i = 1; i <= 20; ++i) {
    books.add({host(i), 32}, 3600, "by hand", kNow);
  }
  CHECK(ban_of(books, host(200), kNow).network.prefix == 32);
  CHECK(books.banned_inside(*Network::parse("192.0.2.0/24")).size() == 1);
}

TEST_CASE("bans that began before the find time count no more towards the network around",
          "[bans]") {
  Settings settings = usual();
  settings.ban_time = settings.longest = 86'400;
  const auto ban_five = [&](Stamp step) {
    Ledger books = ledger(settings);
    Ban last;
    for (std::uint8_t i = 1; i <= 5; ++i) last = ban_of(books, host(i), kNow + i * step);
    return last.network.prefix;
  };
  CHECK(ban_five(100) == 24);
  CHECK(ban_five(150) == 32);
}

TEST_CASE("while bans are off those that were for an offence have no effect", "[bans]") {
  Ledger books = ledger();
  ban_of(books, host(1), kNow);
  books.add(*Network::parse("192.0.2.2/32"), Ban::kForever, "", kNow);
  Settings off = usual();
  off.enabled = false;
  books.configure(off);
  CHECK(books.find(host(1), kNow) == nullptr);
  CHECK_FALSE(books.refuses(host(1), kNow));
  CHECK_FALSE(books.look_up(host(1), kNow).ban);
  CHECK(books.refuses(host(2), kNow));
  CHECK(books.list(kNow).size() == 1);
  books.configure(usual());
  CHECK(books.refuses(host(1), kNow));
}

TEST_CASE("a clock that is set back leaves bans their length", "[bans]") {
  constexpr Stamp kAhead = kNow + 90 * 86'400;
  Ledger books = ledger();
  const Ban right = books.add(*Network::parse("192.0.2.9/32"), 200 * 86'400, "", kNow);
  ban_of(books, host(1), kAhead);
  books.add(*Network::parse("192.0.2.2/32"), Ban::kForever, "", kAhead);
  CHECK(books.note_login(host(3), kAhead));
  CHECK(books.take_ended(kAhead).empty());
  books.mend(kNow + 100);
  CHECK(books.find(host(1), kNow + 100) != nullptr);
  CHECK(books.find(host(1), kNow + 700) == nullptr);
  CHECK(books.find(host(2), kAhead) != nullptr);
  CHECK(*books.find(host(9), kNow) == right);
  CHECK_FALSE(books.is_protected(host(3), kNow + 3 * 86'400));
  CHECK(books.take_ended(kNow + 700).size() == 1);
}

}  // namespace
}  // namespace gatepost::bans
