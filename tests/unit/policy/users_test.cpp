// SPDX-License-Identifier: Apache-2.0
// policy: users of a passwd-file.
#include "policy/users.h"

#include <string>
#include <string_view>
#include <utility>

#include <catch2/catch_test_macros.hpp>

#include "policy/login_right.h"

using namespace gatepost;
using namespace gatepost::policy;

TEST_CASE("users are found by name in any case", "[policy]") {
  const auto parsed = Users::parse(
      "# people\n"
      "Alice@Example.com:{SCRAM-SHA-256}4096,x,y,z::::/home/alice::\r\n"
      "\n"
      "bob:{PLAIN}x");
  CHECK(parsed.problems.empty());
  REQUIRE(parsed.users.size() == 2);
  REQUIRE(parsed.users.find("ALICE@example.com"));
  CHECK(parsed.users.find("alice@example.com")->home == "/home/alice");
  CHECK(parsed.users.find("bob"));
  CHECK_FALSE(parsed.users.find("alice"));
  CHECK_FALSE(parsed.users.find(""));
}

TEST_CASE("a bad line is told with its number and the others stand", "[policy]") {
  const auto parsed = Users::parse(
      "../../etc:x\n:x\n..@example.com:x\na b:x\n@example.com:x\n"
      "carol@example.com:x\n");
  CHECK(parsed.users.size() == 1);
  CHECK(parsed.problems.size() == 5);
  CHECK(parsed.problems.front() == "line 1: the user name holds a slash");
}

TEST_CASE("names with NUL or too long are refused", "[policy]") {
  using namespace std::literals;
  CHECK(Users::parse("al\0ice:x\n"sv).users.size() == 0);
  CHECK(Users::parse(std::string(300, 'a') + ":x\n").users.size() == 0);
}

TEST_CASE("of many problems the first ten are told, and how many more there are", "[policy]") {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "a/b:x\n";
  const auto parsed = Users::parse(text);
  REQUIRE(parsed.problems.size() == 11);
  CHECK(parsed.problems.back() == "and 490 more problems");
}

TEST_CASE("of two lines with one name the first counts and it is told", "[policy]") {
  const auto parsed = Users::parse("a@x:1::::/first\nA@X:2::::/second\n");
  REQUIRE(parsed.users.size() == 1);
  CHECK(parsed.users.find("a@x")->home == "/first");
  CHECK(parsed.problems.size() == 1);
}

TEST_CASE("mail_location is expanded as Dovecot does", "[policy]") {
  const User alice{.name = "alice@example.com", .home = "/home/alice"};
  CHECK(*expand_mail_location("/var/mail/%d/%n/Maildir", alice) ==
        "/var/mail/example.com/alice/Maildir");
  CHECK(*expand_mail_location("maildir:/m/%u", alice) == "/m/alice@example.com");
  CHECK(*expand_mail_location("%h/Maildir/", alice) == "/home/alice/Maildir");
  CHECK(*expand_mail_location("/m/100%%/%n", alice) == "/m/100%/alice");
  const User bare{.name = "bob"};
  CHECK(*expand_mail_location("/var/mail/%d/%n/Maildir", bare) == "/var/mail/bob/Maildir");
}

TEST_CASE("a mail_location that gives no absolute path is an error", "[policy]") {
  const User bare{.name = "bob"};
  CHECK_FALSE(expand_mail_location("Maildir/%n", bare));
  CHECK_FALSE(expand_mail_location("/m/%x", bare));
  CHECK_FALSE(expand_mail_location("/m/%", bare));
  CHECK_FALSE(expand_mail_location("%h", bare));
}

TEST_CASE("a user keeps its secret and its extra fields, colons among them", "[policy]") {
  const auto parsed = Users::parse(
      "alice@x:{SCRAM-SHA-256}4096,a,b,c:1000:1000:A:/h:/bin/sh:"
      "userdb_quota_rule=*:storage=1G  nologin gatepost_mode=send-only\r\n"
      "bob@x\ncarol@x:\n");
  const User* alice = parsed.users.find("alice@x");
  REQUIRE(alice != nullptr);
  CHECK(alice->secret.reveal() == "{SCRAM-SHA-256}4096,a,b,c");
  CHECK(alice->extra_field("userdb_quota_rule") == "*:storage=1G");
  CHECK(alice->extra_field("nologin") == "");
  CHECK_FALSE(alice->extra_field("userdb_quota"));
  CHECK_FALSE(alice->extra_field("gatepost"));
  CHECK(alice->copy().secret.reveal() == alice->secret.reveal());
  REQUIRE(parsed.users.find("bob@x"));
  CHECK(parsed.users.find("bob@x")->secret.empty());
  CHECK(parsed.users.find("carol@x")->extra.empty());
}

TEST_CASE("a NUL in any field is a problem of its line", "[policy]") {
  using namespace std::literals;
  const auto parsed = Users::parse("a@x:se\0cret\nb@x:y\nc@x:y:::::b:k=\0\n"sv);
  CHECK(parsed.users.size() == 1);
  REQUIRE(parsed.problems.size() == 2);
  CHECK(parsed.problems.front() == "line 1: a field holds a NUL");
}

TEST_CASE("what a user may do comes from gatepost_mode and nologin", "[policy]") {
  const auto mode_of = [](const char* extra) {
    return user_mode(User{.name = "a", .extra = extra});
  };
  CHECK(mode_of("") == UserMode::Normal);
  CHECK(mode_of("userdb_quota_rule=*:storage=1G") == UserMode::Normal);
  CHECK(mode_of("gatepost_mode=normal") == UserMode::Normal);
  CHECK(mode_of("x=y gatepost_mode=send-only") == UserMode::SendOnly);
  CHECK(mode_of("gatepost_mode=receive-only") == UserMode::ReceiveOnly);
  CHECK(mode_of("gatepost_mode=disabled") == UserMode::Disabled);
  CHECK(mode_of("gatepost_mode=snd-only") == UserMode::Disabled);
  CHECK(mode_of("gatepost_mode=") == UserMode::Disabled);
  CHECK(mode_of("nologin") == UserMode::ReceiveOnly);
  CHECK(mode_of("nologin=y gatepost_mode=send-only") == UserMode::Disabled);
  CHECK(mode_of("nologin gatepost_mode=disabled") == UserMode::Disabled);
  for (const auto mode :
       {UserMode::Normal, UserMode::SendOnly, UserMode::ReceiveOnly, UserMode::Disabled}) {
    CHECK(parse_user_mode(format_user_mode(mode)) == mode);
  }
}

TEST_CASE("allow_nets says where from a user may log in", "[policy][users]") {
  const auto bar = [](std::string extra, const char* client) {
    User user{.name = "bob"};
    user.extra = std::move(extra);
    return find_login_bar(user, *gatepost::IpAddress::parse(client));
  };
  static constexpr std::string_view kBar = "not from this network (allow_nets)";
  CHECK(bar("", "192.0.2.1").empty());
  CHECK(bar("allow_nets=10.0.0.0/8", "10.1.2.3").empty());
  CHECK(bar("allow_nets=10.0.0.0/8", "::ffff:10.1.2.3").empty());
  CHECK(bar("allow_nets=::ffff:10.0.0.0/104", "10.1.2.3").empty());
  CHECK(bar("allow_nets=10.0.0.0/8", "127.0.0.1") == kBar);
  CHECK(bar("x=y allow_nets=local,192.0.2.7,2001:db8::/32 z", "2001:db8::9").empty());
  CHECK(bar("allow_nets=local", "127.0.0.1") == kBar);
  CHECK(bar("allow_nets=", "127.0.0.1") == kBar);
  CHECK(bar("allow_nets", "127.0.0.1") == kBar);
  CHECK(bar("allow_nets=127.0.0.1,home", "127.0.0.1") == kBar);
  CHECK(bar("gatepost_mode=disabled", "127.0.0.1") == "the user's mode does not let it send");
  const auto fault = [](std::string extra) {
    User user{.name = "bob"};
    user.extra = std::move(extra);
    return find_allow_nets_fault(user).value_or("");
  };
  CHECK(fault("allow_nets=local,10.0.0.0/8").empty());
  CHECK(fault("nologin").empty());
  CHECK(fault("allow_nets=10.0.0.0/8,home") ==
        "allow_nets home: expected networks such as 192.0.2.0/24");
  CHECK(fault("allow_nets=") == "allow_nets is empty: expected networks");
}
