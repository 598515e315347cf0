// SPDX-License-Identifier: Apache-2.0
// tests: a passwd-file keeps everything but what is changed.
#include "cli/user_file.h"

#include <catch2/catch_test_macros.hpp>

#include "cli/user_verbs.h"
#include "policy/users.h"

using namespace gatepost;
using namespace gatepost::cli;

namespace {

constexpr char kFile[] =
    "# people\n"
    "\n"
    "Alice@Example.com:{PLAIN}x:1000:1000:A, B:/h:/bin/sh:other=1 userdb_quota_rule=*:storage=1G\n"
    "bob@example.com:y\r\n"
    "#carol@example.com:z\n"
    "broken line\n"
    "alice@example.com:second";

std::string after(void (*change)(UserFile&)) {
  UserFile file(kFile);
  change(file);
  return file.text();
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a file that is not changed is given back, with an end to its last line", "[cli]") {
  CHECK(UserFile(kFile).text() == std::string(kFile) + "\n");
  CHECK(UserFile("").text().empty());
}

TEST_CASE("users are found in any case, comments are none", "[cli]") {
  const UserFile file(kFile);
  CHECK(file.has("alice@example.com"));
  CHECK(file.has("BOB@example.com"));
  CHECK_FALSE(file.has("carol@example.com"));
  CHECK_FALSE(file.has("#carol@example.com"));
  CHECK_FALSE(file.has("alice"));
}

TEST_CASE("a new user is a line at the end", "[cli]") {
  CHECK(after([](UserFile& file) { file.add("dan@x", "{S}1"); }) ==
        std::string(kFile) + "\ndan@x:{S}1::::::\n");
}

TEST_CASE("a new secret takes the place of the old, of the line that counts", "[cli]") {
  const std::string whole = std::string(kFile) + "\n";
  CHECK(after([](UserFile& file) { file.set_secret("alice@example.com", "{S}1,2"); }) ==
        replaced(whole, "{PLAIN}x", "{S}1,2"));
  CHECK(after([](UserFile& file) { file.set_secret("bob@example.com", "{S}"); }) ==
        replaced(whole, "bob@example.com:y", "bob@example.com:{S}"));
  CHECK(after([](UserFile& file) { file.set_secret("nobody", "{S}"); }) == whole);
}

TEST_CASE("extra fields are set, replaced in place, and taken away", "[cli]") {
  const std::string whole = std::string(kFile) + "\n";
  CHECK(after([](UserFile& file) {
          file.set_extra("alice@example.com", "userdb_quota_rule", "*:storage=2G");
        }) == replaced(whole, "storage=1G", "storage=2G"));
  CHECK(after([](UserFile& file) { file.set_extra("alice@example.com", "other", std::nullopt); }) ==
        replaced(whole, "other=1 ", ""));
  CHECK(after([](UserFile& file) { file.set_extra("alice@example.com", "nologin", ""); }) ==
        replaced(whole, "storage=1G", "storage=1G nologin"));
  CHECK(after([](UserFile& file) { file.set_extra("bob@example.com", "nologin", ""); }) ==
        replaced(whole, "bob@example.com:y", "bob@example.com:y::::::nologin"));
  // A key that begins another is not the other.
  CHECK(after([](UserFile& file) {
          file.set_extra("alice@example.com", "userdb_quota", std::nullopt);
        }) == whole);
}

TEST_CASE("all lines of a user go, and nothing else", "[cli]") {
  const std::string text = after([](UserFile& file) { file.remove("ALICE@example.com"); });
  CHECK(text == "# people\n\nbob@example.com:y\r\n#carol@example.com:z\nbroken line\n");
}

TEST_CASE("a file without users says that it is meant", "[cli]") {
  UserFile file("# people\nalice@example.com:x\n\n");
  file.remove("alice@example.com");
  CHECK(file.text() == "# people\n\n# There are no users.\n");
  CHECK(policy::Users::parse(file.text()).empty_on_purpose);
  file.add("bob", "y");
  CHECK(file.text() == "# people\n\nbob:y::::::\n");
}

TEST_CASE("names that a line cannot hold are refused", "[cli]") {
  CHECK(find_new_name_fault("alice@example.com") == nullptr);
  CHECK(find_new_name_fault("alice") == nullptr);
  for (const char* name : {"", "a:b", "#a", "a b", "a/b", "a@b@c", "@b", "a@", "\xff", ".."}) {
    CAPTURE(name);
    CHECK(find_new_name_fault(name) != nullptr);
  }
}

TEST_CASE("a quota has a unit, and keeps the limit of messages", "[cli]") {
  CHECK(**make_quota_rule("1G", "") == "*:storage=1G");
  CHECK(**make_quota_rule("500M", "*:storage=1G:messages=100") == "*:storage=500M:messages=100");
  CHECK_FALSE(*make_quota_rule("none", "*:storage=1G"));
  for (const char* size : {"", "1", "G", "1X", "-1G", "1G:messages=2", "0M", "10%", "1.5G"}) {
    CAPTURE(size);
    CHECK_FALSE(make_quota_rule(size, ""));
  }
}
