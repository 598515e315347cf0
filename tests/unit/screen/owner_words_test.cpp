// SPDX-License-Identifier: Apache-2.0
// tests: who is let in by the owner's word, and what mail is expected.
#include <catch2/catch_test_macros.hpp>

#include "screen/expected.h"
#include "screen/let_in.h"

using namespace gatepost;
using namespace gatepost::screen;

namespace {

Network network(const char* text) {
  return *Network::parse(text);
}

bool lets_in(const LetIn& list, const char* client) {
  return list.has(*IpAddress::parse(client));
}

}  // namespace

TEST_CASE("a network is let in until its time is over", "[screen]") {
  LetIn list;
  CHECK(list.add(network("192.0.2.0/24"), 100));
  CHECK(list.add(network("2001:db8::/32"), LetIn::kForGood));
  CHECK(lets_in(list, "192.0.2.77"));
  CHECK(lets_in(list, "2001:db8::1"));
  CHECK(!lets_in(list, "192.0.3.1"));
  CHECK(list.expire(99).empty());
  CHECK(list.expire(100) == std::vector{network("192.0.2.0/24")});
  CHECK(!lets_in(list, "192.0.2.77"));
  CHECK(list.expire(1'000'000'000'000).empty());
  CHECK(lets_in(list, "2001:db8::1"));
  CHECK(list.remove(network("2001:db8::/32")));
  CHECK(!list.remove(network("2001:db8::/32")));
}

TEST_CASE("a network added again has the new time, and the smallest one is told", "[screen]") {
  LetIn list;
  CHECK(list.add(network("192.0.2.0/24"), 100));
  CHECK(list.add(network("192.0.2.0/24"), 300));
  CHECK(list.entries().size() == 1);
  CHECK(list.expire(200).empty());
  CHECK(list.add(network("192.0.2.1"), 300));
  CHECK(shown_network(list.find(*IpAddress::parse("192.0.2.1"))->network) == "192.0.2.1");
  CHECK(shown_network(list.find(*IpAddress::parse("192.0.2.2"))->network) == "192.0.2.0/24");
  CHECK(list.find(*IpAddress::parse("192.0.3.2")) == nullptr);
}

TEST_CASE("there are only so many networks", "[screen]") {
  LetIn list;
  for (std::size_t i = 0; i < LetIn::kMost; ++i) {
    const auto high = static_cast<std::uint8_t>(i / 256);
    const auto low = static_cast<std::uint8_t>(i % 256);
    CHECK(list.add({IpAddress::v4({10, 0, high, low}), 32}, 1));
  }
  CHECK(!list.add(network("192.0.2.1"), 1));
  CHECK(list.add(network("10.0.0.1"), 2));
}

TEST_CASE("mail is expected from a domain and for a user", "[screen]") {
  Expected::Scope any;
  CHECK(any.matches("", "alice@here.test", "+-"));
  const Expected::Scope from{"shop.example", ""};
  CHECK(from.matches("a@shop.example", "alice@here.test", "+-"));
  CHECK(from.matches("a@Mail.SHOP.example", "alice@here.test", "+-"));
  CHECK(!from.matches("a@myshop.example", "alice@here.test", "+-"));
  CHECK(!from.matches("a@shop.example.org", "alice@here.test", "+-"));
  CHECK(!from.matches("", "alice@here.test", "+-"));
  const Expected::Scope to{"", "alice"};
  CHECK(to.matches("", "alice@here.test", "+-"));
  CHECK(to.matches("", "Alice+shop@there.test", "+-"));
  CHECK(to.matches("", "alice-shop@there.test", "+-"));
  CHECK(!to.matches("", "alice+shop@there.test", "-"));
  CHECK(!to.matches("", "alice+shop@there.test", ""));
  CHECK(!to.matches("", "alicex@here.test", "+-"));
  CHECK(!to.matches("", "al@here.test", "+-"));
  const Expected::Scope both{"shop.example", "alice@here.test"};
  CHECK(both.matches("a@shop.example", "ALICE@here.test", "+-"));
  CHECK(both.matches("a@shop.example", "alice+x@here.test", "+-"));
  CHECK(!both.matches("a@shop.example", "alice+x@here.test", ""));
  CHECK(!both.matches("a@shop.example", "alice@there.test", "+-"));
  CHECK(!both.matches("a@x.example", "alice@here.test", "+-"));
}

TEST_CASE("a scope is read as it was written", "[screen]") {
  for (const Expected::Scope& scope :
       {Expected::Scope{}, Expected::Scope{"a.test", ""}, Expected::Scope{"", "bob"},
        Expected::Scope{"a.test", "bob@b.test"}}) {
    CHECK(Expected::Scope::parse(scope.key()) == scope);
  }
  for (const char* bad : {"", " ", "a", "a ", " b"}) CHECK(!Expected::Scope::parse(bad));
  CHECK(Expected::Scope{"a.test", "bob"}.text() == "from a.test to bob");
  CHECK(Expected::Scope{"", "bob"}.text() == "to bob");
  CHECK(Expected::Scope{}.text() == "all mail");
}

TEST_CASE("what is expected ends", "[screen]") {
  Expected list;
  CHECK(list.add({"a.test", ""}, 100));
  CHECK(list.add({"", "bob"}, 200));
  CHECK(list.matches("x@a.test", "carol@h.test", "+-"));
  CHECK(!list.matches("x@b.test", "carol@h.test", "+-"));
  CHECK(list.may_come_from("mx.unrelated.test"));
  CHECK(list.expire(150) == std::vector{Expected::Scope{"a.test", ""}});
  CHECK(!list.matches("x@a.test", "carol@h.test", "+-"));
  CHECK(list.matches("x@a.test", "bob@h.test", "+-"));
  CHECK(list.remove({"", "bob"}));
  CHECK(!list.remove({"", "bob"}));
  CHECK(!list.may_come_from(""));
}

TEST_CASE("only a client of the domain can bring what is expected from it", "[screen]") {
  Expected list;
  CHECK(list.add({"a.test", ""}, 100));
  CHECK(list.may_come_from("mx1.A.test"));
  CHECK(!list.may_come_from("mx1.ba.test"));
  CHECK(!list.may_come_from(""));
}
