// SPDX-License-Identifier: Apache-2.0
// unit: paths and mailboxes (RFC 5321 section 4.1.2).
#include "mail/path.h"

#include <string>
#include <variant>

#include <catch2/catch_test_macros.hpp>

using gatepost::mail::is_address_literal;
using gatepost::mail::is_domain;
using gatepost::mail::Mailbox;
using gatepost::mail::parse_mailbox;
using gatepost::mail::parse_path;
using gatepost::mail::PathError;
using gatepost::mail::PathRules;

namespace {

constexpr PathRules kStrict{.utf8 = false, .strict = true, .null = false};

Mailbox good(std::string_view text, const PathRules& rules = {}, std::string_view rest = "") {
  INFO(text);
  auto path = parse_path(text, rules);
  REQUIRE(std::holds_alternative<Mailbox>(path));
  CHECK(text == rest);
  return std::get<Mailbox>(path);
}

PathError bad(std::string_view text, const PathRules& rules = {}) {
  INFO(text);
  const std::string_view whole = text;
  auto path = parse_path(text, rules);
  REQUIRE(std::holds_alternative<PathError>(path));
  CHECK(text == whole);
  return std::get<PathError>(path);
}

}  // namespace

TEST_CASE("a path is taken off the front and leaves the parameters", "[mail][path]") {
  CHECK(good("<a@b.example> SIZE=1", kStrict, " SIZE=1") == Mailbox{"a", "b.example"});
  CHECK(good("<a@b.example>\tX", {}, "\tX") == Mailbox{"a", "b.example"});
  CHECK(good("a@b.example SIZE=1", {}, " SIZE=1") == Mailbox{"a", "b.example"});
  CHECK(good("  <a@b.example>") == Mailbox{"a", "b.example"});
}

TEST_CASE("the null path is one only where it may be", "[mail][path]") {
  CHECK(good("<>", {.utf8 = false, .strict = true, .null = true}).empty());
  CHECK(bad("<>") == PathError::Syntax);
}

TEST_CASE("a source route is read and dropped", "[mail][path]") {
  CHECK(good("<@one.example,@[192.0.2.1]:a@b.example>") == Mailbox{"a", "b.example"});
  CHECK(bad("<@one.example a@b.example>") == PathError::Syntax);
  CHECK(bad("<@one.example,two.example:a@b.example>") == PathError::Syntax);
  CHECK(bad("<@:a@b.example>") == PathError::Domain);
}

TEST_CASE("a quoted local part is stored without its quotes and shown with them", "[mail][path]") {
  const Mailbox mailbox = good(R"(<"john \"x\" \\ smith"@b.example>)", kStrict);
  CHECK(mailbox.local == R"(john "x" \ smith)");
  CHECK(mailbox.text() == R"("john \"x\" \\ smith"@b.example)");
  CHECK(good(R"(<"john"@b.example>)").text() == "john@b.example");
  CHECK(bad("<\"a\tb\"@b.example>") == PathError::LocalPart);
  CHECK(bad("<\"a\r\nb\"@b.example>") == PathError::LocalPart);
  CHECK(bad(R"(<"a@b.example>)") == PathError::Syntax);
  CHECK(bad(R"(<"a\)") == PathError::Syntax);
  CHECK(bad(R"(<""@b.example>)") == PathError::LocalPart);
}

TEST_CASE("dots out of place are forgiven unless strict, and quoted when shown", "[mail][path]") {
  for (const std::string_view path : {"<a..b@c.example>", "<.a@c.example>", "<a.@c.example>"}) {
    CHECK(bad(path, kStrict) == PathError::LocalPart);
  }
  CHECK(good("<a..b@c.example>").text() == R"("a..b"@c.example)");
}

TEST_CASE("what is not an address is refused", "[mail][path]") {
  for (const std::string_view path :
       {"", "<", "<a", "<a@b.example", "<a@b.example>x", "<a b@c.example>", "<a@b@c.example>",
        "<;id@>", "<a;b@c.example>", "< a@b.example>", "<<a@b.example>>", "<a@b.example >",
        "<(a)@b.example>", "<a\0@b.example>", "<`id`@b.example>>"}) {
    CHECK(bad(path) == PathError::Syntax);
  }
  CHECK(bad(std::string("<a\0@b.example>", 15)) == PathError::Syntax);
  CHECK(bad("<a@>") == PathError::Domain);
  CHECK(bad("<a@b..example>") == PathError::Domain);
  CHECK(bad("<a@-b.example>") == PathError::Domain);
  CHECK(bad("<a@b.example.>") == PathError::Domain);
  CHECK(bad("<a@[192.0.2.999]>") == PathError::Domain);
  CHECK(bad("a@b.example", kStrict) == PathError::Syntax);
  CHECK(bad(" <a@b.example>", kStrict) == PathError::Syntax);
}

TEST_CASE("lengths are those of RFC 5321 section 4.5.3.1, to the octet", "[mail][path]") {
  const std::string local(64, 'x');
  CHECK(good("<" + local + "@b.example>").local.size() == 64);
  CHECK(bad("<" + local + "x@b.example>") == PathError::LocalPart);
  CHECK(bad("<\"" + local + "x\"@b.example>") == PathError::LocalPart);
  std::string domain;
  while (domain.size() < 240) domain += "123456789.";
  CHECK(good("<a@" + domain + "example12345>").domain.size() == 252);  // 256 octets in all
  CHECK(bad("<a@" + domain + "example123456>") == PathError::TooLong);
  CHECK(bad("<a@" + domain + "1234567890123456>") == PathError::Domain);
  CHECK(bad("<a@" + std::string(64, 'x') + ".example>") == PathError::Domain);
  CHECK(good("<a@" + std::string(63, 'x') + ".example>").domain.size() == 71);
}

TEST_CASE("Unicode needs the extension and must be UTF-8", "[mail][path]") {
  const PathRules utf8{.utf8 = true, .strict = true, .null = false};
  CHECK(good("<\xc3\xbc@\xc3\xa4.example>", utf8) == Mailbox{"\xc3\xbc", "\xc3\xa4.example"});
  CHECK(good("<\"\xc3\xbc x\"@b.example>", utf8).local == "\xc3\xbc x");
  CHECK(bad("<\xc3\xbc@b.example>") == PathError::NeedUtf8);
  CHECK(bad("<\"\xc3\xbc\"@b.example>") == PathError::NeedUtf8);
  CHECK(bad("<a@\xc3\xbc.example>") == PathError::NeedUtf8);
  CHECK(bad("<\xff@b.example>", utf8) == PathError::BadUtf8);
  CHECK(bad("<\"\xc3\"@b.example>", utf8) == PathError::BadUtf8);
  CHECK(bad("<a@\xc0\x80.example>", utf8) == PathError::BadUtf8);
}

TEST_CASE("a mailbox alone has no brackets", "[mail][path]") {
  CHECK(std::get<Mailbox>(parse_mailbox("a@b.example", {})) == Mailbox{"a", "b.example"});
  CHECK(std::get<Mailbox>(parse_mailbox("postmaster", {})) == Mailbox{"postmaster", ""});
  CHECK(std::get<PathError>(parse_mailbox("<a@b.example>", {})) == PathError::Syntax);
  CHECK(std::get<PathError>(parse_mailbox("a@b.example x", {})) == PathError::Syntax);
  CHECK(std::get<PathError>(parse_mailbox("", {})) == PathError::Syntax);
}

TEST_CASE("domains and address literals are told from other text", "[mail][path]") {
  CHECK(is_domain("example", false));
  CHECK(is_domain("xn--9ca.example", false));
  CHECK_FALSE(is_domain("", false));
  CHECK_FALSE(is_domain("a_b.example", false));
  CHECK_FALSE(is_domain("\xc3\xa4.example", false));
  CHECK(is_domain("\xc3\xa4.example", true));
  CHECK(good("<a@b_c.example>").domain == "b_c.example");
  CHECK(bad("<a@b_c.example>", kStrict) == PathError::Domain);
  CHECK(is_address_literal("[192.0.2.1]"));
  CHECK(is_address_literal("[IPv6:2001:db8::1]"));
  CHECK(is_address_literal("[ipv6:::ffff:192.0.2.1]"));
  CHECK_FALSE(is_address_literal("[2001:db8::1]"));
  CHECK_FALSE(is_address_literal("[IPv6:192.0.2.1]"));
  CHECK_FALSE(is_address_literal("[]"));
  CHECK_FALSE(is_address_literal("192.0.2.1"));
}
