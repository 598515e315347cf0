// SPDX-License-Identifier: Apache-2.0
// policy: unknown recipients.
#include "policy/recipient.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::policy;

TEST_CASE("an unknown recipient is refused in the words of its table", "[policy]") {
  const auto text = [](DomainClass domain) {
    return unknown_user_reply("x@y.example", domain, UnknownUser{}).text;
  };
  CHECK(text(DomainClass::Local) ==
        "<x@y.example>: Recipient address rejected: User unknown in local recipient table");
  CHECK(text(DomainClass::Virtual) ==
        "<x@y.example>: Recipient address rejected: User unknown in virtual mailbox table");
  CHECK(text(DomainClass::Relay) ==
        "<x@y.example>: Recipient address rejected: User unknown in relay recipient table");
}

TEST_CASE("the code decides the class of the enhanced code, and the table may be hidden",
          "[policy]") {
  const auto reply = unknown_user_reply("x@y.example", DomainClass::Local,
                                        {.local_code = 450, .show_table = false});
  CHECK(reply.code == 450);
  CHECK(reply.enhanced == "4.1.1");
  CHECK(reply.text == "<x@y.example>: Recipient address rejected: User unknown");
}

TEST_CASE("postmaster is postmaster in any case", "[policy]") {
  CHECK(is_postmaster({"PostMaster", ""}));
  CHECK_FALSE(is_postmaster({"postmaster2", ""}));
}
