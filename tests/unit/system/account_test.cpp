// SPDX-License-Identifier: Apache-2.0
// tests: users and groups as their files have them.
#include "system/account.h"

#include <cerrno>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "support/temp_folder.h"

namespace gatepost::system {
namespace {

using tests::TempFolder;

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "gatepost:x:201:202:Mail:/var/lib/gatepost:/usr/sbin/nologin\n";
constexpr std::string_view kGroup =
    "root:x:0:\nssl-cert:x:110:postgres,gatepost\ngatepost:x:202:gatepost\nmail:x:8:\n";

}  // namespace

TEST_CASE("a user is found with the groups that list it", "[system]") {
  const TempFolder folder;
  const auto found =
      find_account("gatepost", folder.write("passwd", kPasswd), folder.write("group", kGroup));
  REQUIRE(found);
  CHECK(found->uid == 201);
  CHECK(found->gid == 202);
  CHECK(found->groups == std::vector<gid_t>{110});
}

TEST_CASE("an unknown user is an error that names the file", "[system]") {
  const TempFolder folder;
  const auto passwd = folder.write("passwd", kPasswd);
  const auto found = find_account("nobody-here", passwd, folder.write("group", kGroup));
  REQUIRE_FALSE(found);
  CHECK(found.error().detail == "no user \"nobody-here\" in " + passwd);
}

TEST_CASE("no file of groups leaves the primary one, no file of users is an error", "[system]") {
  const TempFolder folder;
  const auto found = find_account("gatepost", folder.write("passwd", kPasswd), folder / "none");
  REQUIRE(found);
  CHECK(found->groups.empty());
  CHECK(find_account("gatepost", folder / "none").error().system == ENOENT);
}

TEST_CASE("lines that are no entries are passed over", "[system]") {
  const TempFolder folder;
  const auto passwd = folder.write("passwd", "# comment\nbroken\n\n" + std::string(kPasswd));
  CHECK(find_account("gatepost", passwd, folder / "none"));
}

TEST_CASE("marks of name services and numbers that are none are no entries", "[system]") {
  const TempFolder folder;
  const auto none = folder / "none";
  const auto passwd =
      folder.write("passwd",
                   "+::::::\n+gatepost::::::\ngatepost:x:-1:1::/:/\n"
                   "gatepost:x:4294967296:1::/:/\ngatepost:x:7:x::/:/\ngatepost:x:7\n"
                   ":x:0:0::/:/\n" +
                       std::string(kPasswd));
  const auto found = find_account("gatepost", passwd, none);
  REQUIRE(found);
  CHECK(found->uid == 201);
  CHECK_FALSE(find_account("", passwd, none));
  CHECK_FALSE(find_account("+", passwd, none));
  CHECK(find_account("most", folder.write("passwd", "most:x:4294967295:4294967294"), none)->gid ==
        4294967294U);
}

TEST_CASE("members of a group may be set apart by blanks", "[system]") {
  const TempFolder folder;
  const auto passwd = folder.write("passwd", kPasswd);
  const auto group =
      folder.write("group", "none:x:1\nfew:x:300: gate, gatepost ,post\npost:x:2:\n");
  const auto found = find_account("gatepost", passwd, group);
  REQUIRE(found);
  CHECK(found->groups == std::vector<gid_t>{300});
  CHECK(find_group("none", group).value_or(0) == 1);
}

TEST_CASE("a user's full name ends with its comma, the ampersand in it is the name", "[system]") {
  const TempFolder folder;
  const auto passwd = folder.write("passwd", "bob:x:5:6:& Builder,Room 1:/home/bob:/bin/sh\n");
  const auto found = find_person(5, passwd);
  REQUIRE(found);
  REQUIRE(*found);
  CHECK((*found)->name == "bob");
  CHECK((*found)->full_name == "Bob Builder");
  const auto other = find_person(6, passwd);
  REQUIRE(other);
  CHECK_FALSE(*other);
}

TEST_CASE("a group of thousands is read", "[system]") {
  const TempFolder folder;
  std::string line = "many:x:300:";
  for (int i = 0; i < 20'000; ++i) line += "user" + std::to_string(i) + ",";
  const auto group = folder.write("group", line + "gatepost\n");
  const auto found = find_account("gatepost", folder.write("passwd", kPasswd), group);
  REQUIRE(found);
  CHECK(found->groups == std::vector<gid_t>{300});
}

TEST_CASE("a group is found by name", "[system]") {
  const TempFolder folder;
  const auto path = folder.write("group", kGroup);
  CHECK(find_group("ssl-cert", path).value_or(0) == 110);
  CHECK_FALSE(find_group("gatepos", path));
}

TEST_CASE("the own account is the one the process has", "[system]") {
  CHECK(own_account().uid == ::geteuid());
  CHECK(own_account().gid == ::getegid());
}

}  // namespace gatepost::system
