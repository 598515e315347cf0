// SPDX-License-Identifier: Apache-2.0
// policy: right sides of aliases, row by row.
#include "policy/alias_members.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;

namespace {

std::string read(std::string_view value) {
  const auto members = policy::parse_alias_members(value);
  if (!members) return "error " + members.error().detail;
  std::string out;
  for (const policy::AliasMember& one : *members) {
    if (!out.empty()) out += "|";
    if (one.exact) out += "=";
    if (one.kind == policy::AliasMember::Kind::Include) out += "include " + one.path;
    out += one.mailbox.text();
  }
  return out;
}

}  // namespace

TEST_CASE("members stand between commas, line ends and white space", "[policy][aliases]") {
  CHECK(read("bob") == "bob");
  CHECK(read("bob, eve@x.example") == "bob|eve@x.example");
  CHECK(read(" bob,\n\teve ,, kim") == "bob|eve|kim");
  CHECK(read("bob eve\tkim") == "bob|eve|kim");
  CHECK(read(R"("bob smith"@x.example, eve)") == R"("bob smith"@x.example|eve)");
  CHECK(read(R"("a,b"@x.example)") == R"("a,b"@x.example)");
  CHECK(read("Bob Smith <bob@x.example>, eve") == "bob@x.example|eve");
  CHECK(read(R"(\root, eve)") == "=root|eve");
  CHECK(read("@Other.example") == "@other.example");
  CHECK(read(":include:/etc/list, eve") == "include /etc/list|eve");
  CHECK(read("\":include:/etc/my list\"") == "include /etc/my list");
  CHECK(read("").empty());
}

TEST_CASE("programs, files and what is no address are refused with a reason", "[policy][aliases]") {
  CHECK(read("|/bin/cmd a b") == "error \"|/bin/cmd a b\": no programs are run for mail");
  CHECK(read("\"|/bin/cmd a, b\"").ends_with("no programs are run for mail"));
  CHECK(read("/var/mail/bob").ends_with("not to other files"));
  CHECK(read("/dev/null").ends_with("not to other files"));
  CHECK(read(":include:list").ends_with("expected :include:/path"));
  CHECK(read("@").ends_with("expected @domain"));
  CHECK(read("a@b@c").ends_with("expected an address"));
  CHECK(read("@a b@").ends_with("expected an address"));
  CHECK(read("<>").ends_with("expected an address"));
  CHECK(read("\\").ends_with("expected an address"));
  CHECK(read("\"open").ends_with("expected an address"));
}
