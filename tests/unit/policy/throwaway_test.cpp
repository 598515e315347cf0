// SPDX-License-Identifier: Apache-2.0
// policy: who may write to a throw-away address.
#include "policy/throwaway.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using policy::Standing;

namespace {

mail::Throwaway alias() {
  mail::Throwaway out;
  out.address = "alice.shop-aaaa@example.com";
  out.targets = "alice";
  return out;
}

const mail::Mailbox kShop{"news", "mail.Shop.example"};
const mail::Mailbox kOther{"x", "other.example"};

}  // namespace

TEST_CASE("a throw-away address is open until its time or its uses are over",
          "[policy][throwaway]") {
  mail::Throwaway one = alias();
  CHECK(policy::judge_throwaway(one, kShop, 100) == Standing::Open);
  one.expires = 100;
  CHECK(policy::judge_throwaway(one, kShop, 99) == Standing::Open);
  CHECK(policy::judge_throwaway(one, kShop, 100) == Standing::Expired);
  one.expires = 0;
  one.most_uses = 2;
  policy::count_use(one, kShop, 5);
  CHECK(policy::judge_throwaway(one, kShop, 100) == Standing::Open);
  policy::count_use(one, kOther, 6);
  CHECK(policy::judge_throwaway(one, kShop, 100) == Standing::UsedUp);
  CHECK(one.last_used == 6);
  CHECK(one.binding == mail::Binding::None);
  one.trap = true;
  CHECK(policy::judge_throwaway(one, kShop, 100) == Standing::Trap);
}

TEST_CASE("a use that is taken back leaves no trace, unless others came after it",
          "[policy][throwaway]") {
  mail::Throwaway one = alias();
  one.binding = mail::Binding::FirstSender;
  one.last_used = 3;
  const mail::ThrowawayUse first = policy::count_use(one, kShop, 5);
  CHECK(one.binding == mail::Binding::Domain);
  policy::take_back(one, first);
  CHECK(one.binding == mail::Binding::FirstSender);
  CHECK(one.domain.empty());
  CHECK(one.uses == 0);
  CHECK(one.last_used == 3);
  // Of several at once that come to nothing, in whatever order.
  const mail::ThrowawayUse early = policy::count_use(one, kShop, 6);
  const mail::ThrowawayUse late = policy::count_use(one, kShop, 6);
  policy::take_back(one, early);
  CHECK(one.binding == mail::Binding::Domain);
  policy::take_back(one, late);
  CHECK(one.binding == mail::Binding::FirstSender);
  one.last_used = 3;
  const mail::ThrowawayUse again = policy::count_use(one, kShop, 6);
  policy::count_use(one, kShop, 7);
  policy::take_back(one, again);
  CHECK(one.uses == 1);
  CHECK(one.binding == mail::Binding::Domain);
  CHECK(one.last_used == 7);
}

TEST_CASE("the first sender's domain is the only one from then on", "[policy][throwaway]") {
  mail::Throwaway one = alias();
  one.binding = mail::Binding::FirstSender;
  CHECK(policy::judge_throwaway(one, kOther, 1) == Standing::Open);
  policy::count_use(one, {}, 1);
  CHECK(one.binding == mail::Binding::FirstSender);
  policy::count_use(one, kShop, 1);
  CHECK(one.domain == "mail.shop.example");
  CHECK(policy::judge_throwaway(one, kShop, 1) == Standing::Open);
  CHECK(policy::judge_throwaway(one, {"x", "shop.example"}, 1) == Standing::Open);
  CHECK(policy::judge_throwaway(one, {"x", "a.mail.shop.example"}, 1) == Standing::Open);
  CHECK(policy::judge_throwaway(one, {"x", "example"}, 1) == Standing::Foreign);
  CHECK(policy::judge_throwaway(one, {"x", "em2.shop.example"}, 1) == Standing::Open);
  CHECK(policy::judge_throwaway(one, {"x", "evilshop.example"}, 1) == Standing::Foreign);
  CHECK(policy::judge_throwaway(one, kOther, 1) == Standing::Foreign);
  // A bounce of what its owner sent.
  CHECK(policy::judge_throwaway(one, {}, 1) == Standing::Open);
}

TEST_CASE("names below one that somebody registered have one owner", "[policy][throwaway]") {
  CHECK(policy::is_same_owner("em1.shop.test", "em2.shop.test"));
  CHECK(policy::is_same_owner("a.b.shop.test", "shop.test"));
  CHECK(policy::is_same_owner("em1.shop.co.uk", "em2.shop.co.uk"));
  CHECK_FALSE(policy::is_same_owner("shop.co.uk", "thief.co.uk"));
  CHECK_FALSE(policy::is_same_owner("co.uk", "thief.co.uk"));
  CHECK_FALSE(policy::is_same_owner("shop.test", "thief.test"));
  CHECK_FALSE(policy::is_same_owner("test", "shop.test"));
  CHECK_FALSE(policy::is_same_owner("", ""));
  CHECK_FALSE(policy::is_same_owner("[192.0.2.1]", "[198.51.2.1]"));
}

TEST_CASE("an address that expired a month ago is a trap", "[policy][throwaway]") {
  mail::Throwaway one = alias();
  one.expires = 100;
  constexpr std::int64_t kMonth = 30 * 24 * 3600;
  CHECK(policy::judge_throwaway(one, kShop, 99 + kMonth) == Standing::Expired);
  CHECK_FALSE(policy::is_trap(one, 99 + kMonth));
  CHECK(policy::judge_throwaway(one, kShop, 100 + kMonth) == Standing::Trap);
  CHECK(policy::is_trap(one, 100 + kMonth));
}

TEST_CASE("leaks are counted by domain, and written down when they double", "[policy][throwaway]") {
  mail::Throwaway one = alias();
  CHECK(policy::count_leak(one, kOther, 1));
  CHECK(policy::count_leak(one, {"y", "OTHER.example"}, 2));
  CHECK_FALSE(policy::count_leak(one, kOther, 3));
  CHECK(policy::count_leak(one, kOther, 4));
  CHECK_FALSE(policy::count_leak(one, {}, 5));
  REQUIRE(one.leaks.size() == 1);
  CHECK(one.leaks.front().count == 4);
  CHECK(one.leaks.front().last == 4);
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(policy::count_leak(one, {"x", "d" + std::to_string(i) + ".example"}, 9));
  }
  CHECK(one.leaks.size() == 20);
}

TEST_CASE("replies tell why, and a trap says nothing", "[policy][throwaway]") {
  const auto said = [](Standing standing) {
    const auto reply = policy::refuse_throwaway(standing, "a@b.example");
    return reply ? std::to_string(reply->code) + " " + reply->enhanced : "nothing";
  };
  CHECK(said(Standing::Open) == "nothing");
  CHECK(said(Standing::Trap) == "nothing");
  CHECK(said(Standing::Expired) == "550 5.1.6");
  CHECK(said(Standing::UsedUp) == "550 5.1.6");
  CHECK(said(Standing::Foreign) == "550 5.7.1");
}

TEST_CASE("names are made of user, label and four letters", "[policy][throwaway]") {
  CHECK(*policy::make_throwaway_name("Alice", "Shop", 0) == "alice.shop-aaaa");
  CHECK(*policy::make_throwaway_name("alice", "", 0xFFFFFFFF) == "alice-7777");
  CHECK(policy::is_throwaway_name("alice.shop-aaaa"));
  CHECK(policy::is_throwaway_name("Alice-7777"));
  CHECK_FALSE(policy::is_throwaway_name("alice-777"));
  CHECK_FALSE(policy::is_throwaway_name("-aaaa"));
  CHECK_FALSE(policy::is_throwaway_name("alice-aaa1"));
  CHECK_FALSE(policy::make_throwaway_name("alice", "a b", 0));
  CHECK_FALSE(policy::make_throwaway_name("alice", "a@b", 0));
  CHECK_FALSE(policy::make_throwaway_name("alice", std::string(60, 'x'), 0));
}
