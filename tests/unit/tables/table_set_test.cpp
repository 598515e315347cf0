// SPDX-License-Identifier: Apache-2.0
// tests: tables that change while they are in use.
#include "tables/table_set.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "unit/tables/map_files.h"

using namespace gatepost;
using namespace gatepost::tables;

namespace {

Spec spec(const std::string& text) {
  auto parsed = parse_spec(text);
  REQUIRE(parsed);
  return *parsed;
}

std::string find(const TableHandle& table, std::string_view key) {
  const auto found = table->find(key);
  return found ? found->value_or("(none)") : "(error)";
}

}  // namespace

TEST_CASE("a changed file is read again, an unchanged one is not", "[tables][set]") {
  test::MapFiles files;
  files.write("/t", "a 1\n");
  TableSet set(files);
  const auto table = set.open(spec("hash:/t"));
  REQUIRE(table);
  CHECK(files.reads == 1);
  CHECK_FALSE(set.refresh().changed);
  CHECK(files.reads == 1);
  files.write("/t", "a 2\n");
  CHECK(set.refresh().changed);
  CHECK(find(*table, "a") == "2");
}

TEST_CASE("a table that became wrong stays as it was, and that is told once", "[tables][set]") {
  test::MapFiles files;
  files.write("/t", "10.0.0.0/8 old\n");
  TableSet set(files);
  const auto table = set.open(spec("cidr:/t"));
  REQUIRE(table);
  files.write("/t", "10.0.0.0/8 new\n10.0.0.0/99 wrong\n");
  const auto first = set.refresh();
  REQUIRE(first.problems.size() == 1);
  CHECK(first.problems[0].starts_with("/t:2: "));
  CHECK_FALSE(first.changed);
  CHECK(set.refresh().problems.empty());
  CHECK(find(*table, "10.1.1.1") == "old");
  files.write("/t", "10.0.0.0/8 new\n");
  CHECK(set.refresh().changed);
  CHECK(find(*table, "10.1.1.1") == "new");
}

TEST_CASE("a table whose file vanished stays as it was until the file is back", "[tables][set]") {
  test::MapFiles files;
  files.write("/t", "a 1\n");
  TableSet set(files);
  const auto table = set.open(spec("hash:/t"));
  REQUIRE(table);
  files.remove("/t");
  CHECK(set.refresh().problems.size() == 1);
  CHECK(set.refresh().problems.empty());
  CHECK(find(*table, "a") == "1");
  files.write("/t", "a 2\n");
  CHECK(set.refresh().changed);
  CHECK(find(*table, "a") == "2");
}

TEST_CASE("a table that cannot be opened is an error with its place", "[tables][set]") {
  test::MapFiles files;
  files.write("/bad", "/(/ x\n/)/ x\n/[/ x\n");
  TableSet set(files);
  CHECK(set.open(spec("hash:/none")).error().detail.find("/none") != std::string::npos);
  const auto bad = set.open(spec("pcre:/bad"));
  REQUIRE_FALSE(bad);
  CHECK(bad.error().detail.find("/bad:1: ") != std::string::npos);
  CHECK(bad.error().detail.find("/bad:3: ") != std::string::npos);
}

TEST_CASE("the same table asked for twice is read once", "[tables][set]") {
  test::MapFiles files;
  files.write("/t", "a 1\n");
  TableSet set(files);
  const auto one = set.open(spec("hash:/t"));
  const auto two = set.open(spec("hash:/t"));
  REQUIRE((one && two));
  CHECK(*one == *two);
  CHECK(files.reads == 1);
}

TEST_CASE("warnings of a table are kept for who asks", "[tables][set]") {
  test::MapFiles files;
  files.write("/t", "a 1\nlonely\n");
  TableSet set(files);
  REQUIRE(set.open(spec("hash:/t")));
  const auto warnings = set.take_warnings();
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].starts_with("warning: /t:2: "));
  CHECK(set.take_warnings().empty());
}

TEST_CASE("unionmap joins what its tables find", "[tables][set]") {
  test::MapFiles files;
  TableSet set(files);
  const auto table = set.open(spec("unionmap:{inline:{a=1}, static:2, inline:{b=3}}"));
  REQUIRE(table);
  CHECK(find(*table, "a") == "1,2");
  CHECK(find(*table, "c") == "2");
}

TEST_CASE("pipemap hands one result to the next table", "[tables][set]") {
  test::MapFiles files;
  files.write("/t", "x done\n");
  TableSet set(files);
  const auto table = set.open(spec("pipemap:{inline:{a=x, b=y}, hash:/t}"));
  REQUIRE(table);
  CHECK(find(*table, "a") == "done");
  CHECK(find(*table, "b") == "(none)");
  CHECK(find(*table, "c") == "(none)");
  files.write("/t", "x again\n");
  CHECK(set.refresh().changed);
  CHECK(find(*table, "a") == "again");
}

TEST_CASE("tables inside tables end somewhere", "[tables][set]") {
  test::MapFiles files;
  TableSet set(files);
  std::string deep = "static:x";
  for (int i = 0; i < 50; ++i) deep = "unionmap:{" + deep + "}";
  CHECK_FALSE(set.open(spec(deep)));
  CHECK_FALSE(set.open(spec("unionmap:{}")));
  CHECK_FALSE(set.open(spec("unionmap:{nonsense}")));
}
