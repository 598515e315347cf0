// SPDX-License-Identifier: Apache-2.0
// unit: who may use sendmail.
#include "policy/submitters.h"

#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost::policy;

TEST_CASE("the first entry that names a user decides", "[policy]") {
  const std::vector<std::string> all{"static:anyone"};
  CHECK(may_submit(all, "www-data"));
  CHECK(may_submit(all, ""));
  const std::vector<std::string> most{"!www-data", "static:all"};
  CHECK_FALSE(may_submit(most, "www-data"));
  CHECK(may_submit(most, "root"));
  const std::vector<std::string> few{"root", "alice"};
  CHECK(may_submit(few, "alice"));
  CHECK_FALSE(may_submit(few, "bob"));
  CHECK_FALSE(may_submit(few, ""));
  CHECK_FALSE(may_submit({}, "root"));
}

TEST_CASE("entries are names or static:", "[policy]") {
  CHECK(is_submitter_entry("alice"));
  CHECK(is_submitter_entry("!alice"));
  CHECK(is_submitter_entry("static:anyone"));
  CHECK_FALSE(is_submitter_entry("hash:/etc/users"));
  CHECK_FALSE(is_submitter_entry("/etc/users"));
  CHECK_FALSE(is_submitter_entry("!"));
  CHECK_FALSE(is_submitter_entry("static:"));
}
