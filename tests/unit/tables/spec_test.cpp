// SPDX-License-Identifier: Apache-2.0
// tests: names of tables, and lists.
#include "tables/spec.h"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost::tables;
using Words = std::vector<std::string>;

TEST_CASE("every indexed type of Postfix reads the text file", "[tables][spec]") {
  for (const char* name : {"hash", "btree", "lmdb", "cdb", "dbm", "texthash"}) {
    const auto spec = parse_spec(std::string(name) + ":/etc/postfix/x");
    REQUIRE(spec);
    CHECK(spec->type == Type::Indexed);
    CHECK(spec->argument == "/etc/postfix/x");
    CHECK(spec->has_file());
    CHECK(spec->text() == std::string(name) + ":/etc/postfix/x");
  }
}

TEST_CASE("rules may stand in the configuration itself", "[tables][spec]") {
  const auto file = parse_spec("cidr:/etc/x");
  const auto rules = parse_spec("cidr:{{192.0.2.0/24 reject}}");
  REQUIRE((file && rules));
  CHECK(file->has_file());
  CHECK_FALSE(rules->has_file());
}

TEST_CASE("proxy: in front of a table is dropped", "[tables][spec]") {
  const auto spec = parse_spec("proxy:unix:passwd.byname");
  REQUIRE(spec);
  CHECK(spec->type == Type::UnixPasswd);
}

TEST_CASE("a table that is none is refused with what was expected", "[tables][spec]") {
  CHECK(parse_spec("mysql:/etc/x").error().detail.find("hash") != std::string::npos);
  CHECK(parse_spec("/etc/x").error().detail.find("type:name") != std::string::npos);
  CHECK_FALSE(parse_spec("hash:"));
  CHECK_FALSE(parse_spec(":x"));
  CHECK_FALSE(parse_spec("unix:group.byname"));
  CHECK_FALSE(parse_spec("inline:a=b"));
  CHECK_FALSE(parse_spec(std::string("hash:/a\0b", 9)));
}

TEST_CASE("an address is not taken for a table", "[tables][spec]") {
  CHECK(looks_like_table("hash:/etc/x"));
  CHECK(looks_like_table("cdb:/etc/x"));
  CHECK(looks_like_table("cidr:{{1.2.3.4 ok}}"));
  CHECK(looks_like_table("mysql:x"));
  CHECK_FALSE(looks_like_table("2001:db8::1"));
  CHECK_FALSE(looks_like_table("fe80::1"));
  CHECK_FALSE(looks_like_table("cdb:1::2"));
  CHECK_FALSE(looks_like_table("[::1]/128"));
  CHECK_FALSE(looks_like_table("example.com"));
}

TEST_CASE("lists are split at commas and white space but not inside of braces", "[tables][spec]") {
  CHECK(*split_list(" a, b\tc,,d ") == Words{"a", "b", "c", "d"});
  CHECK(*split_list("x:{{a b}, {c}} y") == Words{"x:{{a b}, {c}}", "y"});
  CHECK(*split_list("{ a b } {c}{d} e", true) == Words{"a b", "{c}{d}", "e"});
  CHECK(split_list("")->empty());
}

TEST_CASE("braces that do not match are told", "[tables][spec]") {
  CHECK_FALSE(split_list("{a"));
  CHECK_FALSE(split_list("a}"));
  CHECK_FALSE(split_list("a} {b"));
}
