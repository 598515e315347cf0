// SPDX-License-Identifier: Apache-2.0
// unit: restriction lists about networks and logins.
#include "policy/access.h"

#include <optional>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::policy;

namespace {

constexpr AccessTexts kTexts{"unknown[192.0.2.1]", "client.example", "bob@example.com",
                             "carol@remote.example", "alice@example.com"};

std::string judge(std::vector<std::string_view> names,
                  const AccessFacts& facts,
                  AccessClass which = AccessClass::Sender) {
  std::vector<AccessRule> rules;
  for (const std::string_view name : names) rules.push_back(parse_access_rule(name).value());
  const auto reply = decide_access(rules, which, facts, kTexts, {});
  if (!reply) return "";
  return std::to_string(reply->code) + " " + reply->enhanced + " " + reply->text;
}

AccessFacts facts(bool authenticated, Owner owner) {
  AccessFacts out;
  out.relay.authenticated = authenticated;
  out.owner = owner;
  return out;
}

const std::string kNotOwned =
    "553 5.7.1 <bob@example.com>: Sender address rejected: not owned by user alice@example.com";
const std::string kNotLoggedIn =
    "553 5.7.1 <bob@example.com>: Sender address rejected: not logged in";

}  // namespace

TEST_CASE("every rule is found by its name", "[policy][access]") {
  for (const AccessRuleRow& row : access_rules()) CHECK(parse_access_rule(row.name) == row.rule);
  CHECK_FALSE(parse_access_rule("reject_unknown_client_hostname"));
}

TEST_CASE("the sender login rules are Postfix's", "[policy][access]") {
  struct Row {
    bool authenticated;
    Owner owner;
    std::string both, authenticated_only, known, strangers;
  };
  const std::vector<Row> rows{
      {true, Owner::Self, "", "", "", ""},
      {true, Owner::Other, kNotOwned, kNotOwned, kNotOwned, ""},
      {true, Owner::Nobody, kNotOwned, kNotOwned, "", ""},
      {false, Owner::Other, kNotLoggedIn, "", kNotLoggedIn, kNotLoggedIn},
      {false, Owner::Nobody, "", "", "", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.authenticated, static_cast<int>(row.owner));
    const AccessFacts now = facts(row.authenticated, row.owner);
    CHECK(judge({"reject_sender_login_mismatch"}, now) == row.both);
    CHECK(judge({"reject_authenticated_sender_login_mismatch"}, now) == row.authenticated_only);
    CHECK(judge({"reject_known_sender_login_mismatch"}, now) == row.known);
    CHECK(judge({"reject_unauthenticated_sender_login_mismatch"}, now) == row.strangers);
  }
}

TEST_CASE("the null sender has no owner to ask for", "[policy][access]") {
  AccessFacts now = facts(true, Owner::Nobody);
  now.null_sender = true;
  CHECK(judge({"reject_sender_login_mismatch"}, now).empty());
}

TEST_CASE("the first rule that decides, decides, and the end permits", "[policy][access]") {
  const AccessFacts stranger = facts(false, Owner::Nobody);
  const AccessFacts user = facts(true, Owner::Nobody);
  CHECK(judge({}, stranger).empty());
  CHECK(judge({"permit_sasl_authenticated", "reject"}, user).empty());
  CHECK(judge({"permit_sasl_authenticated", "reject"}, stranger, AccessClass::Client) ==
        "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied");
  CHECK(judge({"permit_mynetworks", "defer"}, stranger, AccessClass::Helo) ==
        "450 4.3.2 <client.example>: Helo command rejected: Try again later");
  CHECK(judge({"reject"}, user, AccessClass::Recipient) ==
        "554 5.7.1 <carol@remote.example>: Recipient address rejected: Access denied");
  CHECK(judge({"reject_unauth_destination"}, user, AccessClass::Recipient) ==
        "554 5.7.1 <carol@remote.example>: Relay access denied");
  CHECK(judge({"permit", "reject"}, stranger).empty());
  AccessFacts ours = stranger;
  ours.relay.domain = DomainClass::Local;
  CHECK(judge({"permit_auth_destination", "reject"}, ours).empty());
}
