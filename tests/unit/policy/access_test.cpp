// SPDX-License-Identifier: Apache-2.0
// unit: restriction lists: what they hold, and the rules about networks and logins.
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
  AccessTally tally;
  for (const std::string_view name : names) {
    const AccessRule rule = parse_restriction(name).value().rule;
    if (tally.add(decide_access(rule, which, facts, kTexts, {}))) break;
  }
  const auto reply = tally.take();
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
  for (const AccessRuleRow& row : access_rules()) {
    CAPTURE(row.name);
    CHECK(row_of(row.rule).name == row.name);
    const std::string name(row.name);
    const auto with = parse_restriction(name + " BL.example=127.0.0.[2..11]");
    const auto without = parse_restriction(name);
    CHECK(with.has_value() == takes_list(row));
    CHECK(without.has_value() != takes_list(row));
    const auto& found = with ? with : without;
    CHECK(found->rule == row.rule);
    if (with) CHECK(with->list.zone == "bl.example");
  }
  CHECK_FALSE(parse_restriction("reject_rbl_client bl.example*3"));
  CHECK_FALSE(parse_restriction("reject_rbl_client -bl-"));
  CHECK_FALSE(parse_restriction("warn_if_reject"));
  CHECK_FALSE(parse_restriction("warn_if_reject warn_if_reject reject"));
  CHECK(parse_restriction("warn_if_reject reject_rbl_client bl.example").value().warn);
  CHECK_FALSE(parse_restriction("reject").value().warn);
}

TEST_CASE("what could not be looked up puts off what it would have decided", "[policy][access]") {
  using Kind = Verdict::Kind;
  const smtp::Reply refusal{554, "5.7.1", "no"}, first{450, "4.7.1", "a"},
      second{450, "4.7.1", "b"};
  AccessTally tally;
  CHECK_FALSE(tally.add({Kind::DeferIfPermit, first}));
  CHECK_FALSE(tally.add({Kind::DeferIfPermit, second}));
  CHECK(tally.add({Kind::Permit, {}}));
  CHECK(tally.take() == first);
  AccessTally refused;
  CHECK_FALSE(refused.add({Kind::DeferIfPermit, first}));
  CHECK(refused.add({Kind::Refuse, refusal}));
  CHECK(refused.take() == refusal);
  AccessTally doubtful;
  CHECK_FALSE(doubtful.add({Kind::DeferIfRefuse, second}));
  CHECK_FALSE(doubtful.add({}));
  CHECK(AccessTally(doubtful).take() == std::nullopt);
  CHECK(doubtful.add({Kind::Refuse, refusal}));
  CHECK(doubtful.is_refused());
  CHECK(doubtful.take() == second);
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
