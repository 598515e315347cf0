// SPDX-License-Identifier: Apache-2.0
// tests: what tables of each type find.
#include "tables/table.h"

#include <algorithm>
#include <optional>
#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::tables;

namespace {

Built build(const std::string& spec, std::string_view text = {}) {
  const auto parsed = parse_spec(spec);
  REQUIRE(parsed);
  return build_table(*parsed, text);
}

/// The value, "(none)" or "(error)".
std::string find(const Built& built, std::string_view key) {
  REQUIRE(built.table);
  const auto found = built.table->find(key);
  if (!found) return "(error)";
  return found->value_or("(none)");
}

/// "12: text" of the first problem; empty when there is none.
std::string problem(const Built& built) {
  if (built.problems.empty()) return {};
  return std::to_string(built.problems.front().line) + ": " + built.problems.front().text;
}

bool mentions(const std::string& text, std::string_view word) {
  return text.find(word) != text.npos;
}

}  // namespace

TEST_CASE("an indexed table ignores case and keeps values as they are", "[tables]") {
  const Built table = build("hash:/x", "# c\nUser@Example.COM   Some Value  \nb\tc d\n  e\n");
  CHECK(table.problems.empty());
  CHECK(find(table, "user@example.com") == "Some Value");
  CHECK(find(table, "USER@EXAMPLE.COM") == "Some Value");
  CHECK(find(table, "b") == "c d  e");
  CHECK(find(table, "c") == "(none)");
  CHECK(find(table, "") == "(none)");
  CHECK(find(table, std::string_view("b\0", 2)) == "(none)");
}

TEST_CASE("of a key that stands twice the first counts and a warning is given", "[tables]") {
  const Built table = build("hash:/x", "a 1\nA 2\nb 3\n");
  CHECK(find(table, "a") == "1");
  REQUIRE(table.problems.size() == 1);
  CHECK_FALSE(table.problems[0].fatal);
  CHECK(mentions(table.problems[0].text, "\"a\""));
}

TEST_CASE("a key without value is left out with a warning, as postmap does", "[tables]") {
  const Built table = build("hash:/x", "a 1\nlonely\nb 2\n");
  CHECK(find(table, "lonely") == "(none)");
  CHECK(find(table, "b") == "2");
  CHECK(problem(table) == "2: expected key, white space, value; the line is left out");
}

TEST_CASE("a key in quotes may hold white space", "[tables]") {
  const Built table = build("hash:/x", "\"a b\\\"c\" value\n");
  CHECK(find(table, "a b\"c") == "value");
}

TEST_CASE("an alias file in the place of a table is noticed", "[tables]") {
  CHECK(mentions(problem(build("hash:/x", "root: alice\n")), "alias file"));
}

TEST_CASE("a table lists its entries, where it can", "[tables]") {
  const auto entries = build("hash:/x", "b 2\na 1\n").table->entries();
  REQUIRE(entries);
  CHECK(*entries == Table::Entries{{"a", "1"}, {"b", "2"}});
  CHECK_FALSE(build("static:x").table->entries());
}

TEST_CASE("a large table finds its first, last and middle key", "[tables]") {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "user" + std::to_string(i) + "@example.com OK\n";
  const Built table = build("lmdb:/x", text);
  CHECK(find(table, "user0@example.com") == "OK");
  CHECK(find(table, "user99999@example.com") == "OK");
  CHECK(find(table, "user50000@example.com") == "OK");
  CHECK(find(table, "user100000@example.com") == "(none)");
}

TEST_CASE("a cidr table goes by the order of the file", "[tables]") {
  const Built table =
      build("cidr:/x",
            "192.0.2.128/25 high\n192.0.2.0/24 low $1\n[2001:db8::]/32 six\n2001:db8:1::/48 never\n"
            "203.0.113.7 one\n");
  CHECK(find(table, "192.0.2.200") == "high");
  CHECK(find(table, "192.0.2.1") == "low $1");
  CHECK(find(table, "::ffff:192.0.2.1") == "low $1");
  CHECK(find(table, "2001:db8:1::1") == "six");
  CHECK(find(table, "203.0.113.7") == "one");
  CHECK(find(table, "198.51.100.1") == "(none)");
  CHECK(find(table, "example.com") == "(none)");
}

TEST_CASE("a cidr table knows negation and conditions", "[tables]") {
  const Built table = build(
      "cidr:/x",
      "if 10.0.0.0/8\n!10.1.0.0/16 elsewhere\nif !10.1.1.0/24\n0.0.0.0/0 inner\nendif\nendif\n"
      "0.0.0.0/0 all\n");
  CHECK(find(table, "10.2.0.1") == "elsewhere");
  CHECK(find(table, "10.1.2.1") == "inner");
  CHECK(find(table, "10.1.1.1") == "all");
  CHECK(find(table, "192.0.2.1") == "all");
}

TEST_CASE("a mistake in a cidr table is fatal and has its line", "[tables]") {
  const Built host_bits = build("cidr:/x", "10.0.0.0/8 ok\n192.0.2.1/24 ok\n");
  CHECK_FALSE(host_bits.table);
  CHECK(mentions(problem(host_bits), "2: "));
  CHECK(mentions(problem(host_bits), "did you mean \"192.0.2.0/24\"?"));
  CHECK_FALSE(build("cidr:/x", "10.0.0.0/33 ok\n").table);
  CHECK_FALSE(build("cidr:/x", "10.0.0.0/8\n").table);
  CHECK_FALSE(build("cidr:/x", "example.com ok\n").table);
  CHECK_FALSE(build("cidr:/x", "hash:/etc/x ok\n").table);
  CHECK_FALSE(build("cidr:/x", "!!hash:/etc/x ok\n").table);
  CHECK_FALSE(build("cidr:/x", "!!10.0.0.0/8 ok\n").table);
  CHECK_FALSE(build("cidr:/x", "endif\n").table);
  CHECK(problem(build("cidr:/x", "\nif 10.0.0.0/8\n10.0.0.0/9 x\n")) ==
        "2: an if without its endif");
}

TEST_CASE("rules in the configuration itself work like those of a file", "[tables]") {
  const Built table = build("cidr:{{192.0.2.0/24 reject not you}, {0.0.0.0/0 ok}}");
  CHECK(find(table, "192.0.2.9") == "reject not you");
  CHECK(find(table, "192.0.3.9") == "ok");
  CHECK(find(build("regexp:{{/^[^A-Z]/ Bogus}}"), "\x16\x03") == "Bogus");
  CHECK_FALSE(build("cidr:{}").table);
}

TEST_CASE("regexp and pcre tables match the same simple rules", "[tables]") {
  for (const std::string type : {"regexp", "pcre"}) {
    CAPTURE(type);
    const Built table =
        build(type + ":/x",
              "/^(.*)@(.*)\\.example$/ $2/${1}/$(2)$$\n!/@/ no at\n/CASE/i exact\n#c\n"
              "if /^in/\n/side$/ both\nendif\n/side$/ end only\n");
    CHECK(find(table, "Bob@Sub.Example") == "Sub/Bob/Sub$");
    CHECK(find(table, "plain") == "no at");
    CHECK(find(table, "a@CASE") == "exact");
    CHECK(find(table, "a@case") == "(none)");
    CHECK(find(table, "in@side") == "both");
    CHECK(find(table, "out@side") == "end only");
  }
}

TEST_CASE("any sign may stand around a pattern, and a backslash keeps it", "[tables]") {
  for (const std::string type : {"regexp", "pcre"}) {
    CHECK(find(build(type + ":/x", "#is a comment\n|^a/b| one\n/^c\\/d/ two\n"), "a/b") == "one");
    CHECK(find(build(type + ":/x", "/^c\\/d/ two\n"), "c/d") == "two");
  }
}

TEST_CASE("mistakes in patterns are fatal and have their line", "[tables]") {
  for (const std::string type : {"regexp", "pcre"}) {
    CAPTURE(type);
    for (const char* rule :
         {"/(/ x", "/a/", "/a", "a x", "/a/q x", "/(a)/ $2", "!/(a)/ $1", "/a/ $", "if /a/ x",
          "endif", "/a/ ${1", "/a/ $0", "/(a)/ $99999999999999999999"}) {
      CAPTURE(rule);
      const Built table = build(type + ":/x", "/fine/ ok\n" + std::string(rule) + "\n");
      CHECK_FALSE(table.table);
      CHECK(mentions(problem(table), "2: "));
    }
  }
}

TEST_CASE("a pcre match that would take for ever is a temporary error with its place", "[tables]") {
  const Built table = build("pcre:/x", "/^(a+)+$/ yes\n");
  const auto found = table.table->find(std::string(60, 'a') + "!");
  REQUIRE_FALSE(found);
  CHECK(found.error().cause == Cause::Temporary);
  CHECK(mentions(found.error().detail, "/x line 1"));
  CHECK(find(table, "aaa") == "yes");
}

TEST_CASE("a regexp match that would take for ever is a temporary error too", "[tables]") {
  CHECK(find(build("regexp:/x", "/^(a|aa)*\\1$/ x\n"), std::string(60, 'a') + "!") == "(error)");
  CHECK_FALSE(build("regexp:/x", "/((a{1,200}){1,200}){1,200}/ x\n").table);
}

TEST_CASE("what follows a NUL in a key is matched like the rest", "[tables]") {
  for (const std::string type : {"regexp", "pcre"}) {
    CHECK(find(build(type + ":/x", "/bad/ reject\n"), std::string_view("ok\0bad", 6)) == "reject");
  }
}

TEST_CASE("a key of absurd length is an error for patterns", "[tables]") {
  CHECK(find(build("pcre:/x", "/b/ x\n"), std::string(100'000, 'a')) == "(error)");
  CHECK(find(build("regexp:/x", "/b/ x\n"), std::string(100'000, 'a')) == "(error)");
}

TEST_CASE("a static table finds every key", "[tables]") {
  CHECK(find(build("static:OK"), "anything") == "OK");
  CHECK(find(build("static:{ two words }"), "anything") == "two words");
  CHECK(find(build("static:"), "anything").empty());
}

TEST_CASE("an inline table holds its rows in braces", "[tables]") {
  const Built table = build("inline:{a=1, B = 2, {c d = three words}, {e=f=g}}");
  CHECK_FALSE(table.table);  // "B", "=" and "2" are three words outside of braces.
  const Built good = build("inline:{a=1, {c d = three words} {E=f=g}}");
  CHECK(find(good, "A") == "1");
  CHECK(find(good, "c d") == "three words");
  CHECK(find(good, "e") == "f=g");
  CHECK_FALSE(build("inline:{}").table);
}

TEST_CASE("unix:passwd.byname knows the system's users", "[tables]") {
  const Built table =
      build("unix:passwd.byname", "root:x:0:0:root:/root:/bin/sh\n+nis\n\nbroken\nAl:x:1:1::/:\n");
  CHECK(find(table, "root") == "root:x:0:0:root:/root:/bin/sh");
  CHECK(find(table, "Al") == "Al:x:1:1::/:");
  CHECK(find(table, "al") == "(none)");
  CHECK(find(table, "broken") == "(none)");
  CHECK(mentions(problem(table), "4: "));
}

TEST_CASE("a NUL in a table file is fatal", "[tables]") {
  CHECK_FALSE(build("hash:/x", std::string_view("a b\nc\0 d\n", 9)).table);
}

TEST_CASE("the tables of the tutorials are read as they stand", "[tables]") {
  const Built override_table =
      build("hash:/x", "10.20.30.40 OK //allow this one\nexample.com OK\n");
  CHECK(find(override_table, "10.20.30.40") == "OK //allow this one");
}
