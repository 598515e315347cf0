// SPDX-License-Identifier: Apache-2.0
// policy: smtpd_relay_restrictions.
#include "policy/relay.h"

#include <array>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::policy;

namespace {

const std::array kDefault{Restriction{AccessRule::PermitMynetworks},
                          Restriction{AccessRule::PermitSaslAuthenticated},
                          Restriction{AccessRule::DeferUnauthDestination}};

std::string said(std::span<const Restriction> rules, const RelayFacts& facts) {
  const auto reply = decide_relay(rules, facts, "r@x.example", RelayCodes{});
  if (!reply) return "permitted";
  return std::to_string(reply->code) + " " + reply->enhanced + " " + reply->text;
}

}  // namespace

TEST_CASE("strangers may write to us and not to others", "[policy]") {
  CHECK(said(kDefault, {.domain = DomainClass::Local}) == "permitted");
  CHECK(said(kDefault, {.domain = DomainClass::Virtual}) == "permitted");
  CHECK(said(kDefault, {.domain = DomainClass::Relay}) == "permitted");
  CHECK(said(kDefault, {.domain = DomainClass::Other}) ==
        "454 4.7.1 <r@x.example>: Relay access denied");
}

TEST_CASE("our networks and authenticated users may write to anyone", "[policy]") {
  CHECK(said(kDefault, {.in_mynetworks = true}) == "permitted");
  CHECK(said(kDefault, {.authenticated = true}) == "permitted");
}

TEST_CASE("the first rule that decides, decides", "[policy]") {
  const std::array rules{Restriction{AccessRule::RejectUnauthDestination},
                         Restriction{AccessRule::PermitMynetworks}};
  CHECK(said(rules, {.in_mynetworks = true}) == "554 5.7.1 <r@x.example>: Relay access denied");
  const std::array closed{Restriction{AccessRule::PermitMynetworks},
                          Restriction{AccessRule::Reject}};
  CHECK(said(closed, {.domain = DomainClass::Local}) ==
        "554 5.7.1 <r@x.example>: Recipient address rejected: Access denied");
  const std::array later{Restriction{AccessRule::Defer}};
  CHECK(said(later, {}) == "450 4.3.2 <r@x.example>: Recipient address rejected: Try again later");
}

TEST_CASE("the enhanced code follows a changed reply code", "[policy]") {
  const std::array rules{Restriction{AccessRule::RejectUnauthDestination}};
  const auto reply =
      decide_relay(rules, {}, "r@x.example", RelayCodes{.relay_domains_reject = 454});
  REQUIRE(reply);
  CHECK(reply->enhanced == "4.7.1");
}

TEST_CASE("rules that would make an open relay are found", "[policy]") {
  CHECK_FALSE(find_open_relay(kDefault, {}));
  const std::array<Restriction, 0> none{};
  CHECK(find_open_relay(none, {}));
  const std::array networks_only{Restriction{AccessRule::PermitMynetworks}};
  CHECK(find_open_relay(networks_only, {}));
  const std::array permit_first{Restriction{AccessRule::Permit},
                                Restriction{AccessRule::RejectUnauthDestination}};
  CHECK(find_open_relay(permit_first, {}));
  const std::array auth_only{Restriction{AccessRule::PermitAuthDestination}};
  CHECK(find_open_relay(auth_only, {}));
  const std::array closed{Restriction{AccessRule::PermitAuthDestination},
                          Restriction{AccessRule::Reject}};
  CHECK_FALSE(find_open_relay(closed, {}));
}

TEST_CASE("networks as large as the Internet are no networks of ours", "[policy]") {
  const auto with = [](const char* text) {
    const std::array networks{*Network::parse(text)};
    return find_open_relay(kDefault, networks).has_value();
  };
  CHECK(with("0.0.0.0/0"));
  CHECK(with("128.0.0.0/1"));
  CHECK(with("::/0"));
  CHECK(with("2000::/3"));
  CHECK_FALSE(with("10.0.0.0/8"));
  CHECK_FALSE(with("fc00::/7"));
  CHECK_FALSE(with("2001:db8::/32"));
}

TEST_CASE("what asks DNS, or only warns, keeps no stranger from relaying", "[policy]") {
  const auto open = [](std::vector<std::string_view> texts) {
    std::vector<Restriction> rules;
    for (const std::string_view text : texts) rules.push_back(parse_restriction(text).value());
    return find_open_relay(rules, {}).has_value();
  };
  CHECK(open({"reject_rbl_client bl.example", "reject_unknown_client_hostname"}));
  CHECK(open({"warn_if_reject reject_unauth_destination"}));
  CHECK(open({"warn_if_reject reject"}));
  CHECK_FALSE(open({"permit_dnswl_client wl.example", "reject_unauth_destination"}));
}
