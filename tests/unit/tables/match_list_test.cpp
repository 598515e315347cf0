// SPDX-License-Identifier: Apache-2.0
// tests: lists of domains and clients.
#include "tables/match_list.h"

#include <initializer_list>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "unit/tables/map_files.h"

using namespace gatepost;
using namespace gatepost::tables;

namespace {

MatchList domains(TableSet& set, std::initializer_list<const char*> words) {
  Patterns patterns;
  for (const char* word : words) patterns.push_back(*parse_domain_pattern(word));
  return *MatchList::open(patterns, set);
}

MatchList addresses(TableSet& set, std::initializer_list<const char*> words) {
  Patterns patterns;
  for (const char* word : words) patterns.push_back(*parse_address_pattern(word));
  return *MatchList::open(patterns, set);
}

bool has(const MatchList& list, const char* address) {
  return *list.has_address(*IpAddress::parse(address));
}

}  // namespace

TEST_CASE("a domain is in a list without regard to case", "[tables][match]") {
  test::MapFiles files;
  TableSet set(files);
  const MatchList list = domains(set, {"Example.com", "[192.0.2.1]"});
  CHECK(*list.has_domain("eXample.com", Parents::No));
  CHECK(*list.has_domain("[192.0.2.1]", Parents::No));
  CHECK_FALSE(*list.has_domain("example.org", Parents::No));
  CHECK_FALSE(*list.has_domain("", Parents::No));
}

TEST_CASE("domains below another are matched only where they are meant", "[tables][match]") {
  test::MapFiles files;
  TableSet set(files);
  const MatchList plain = domains(set, {"example.com"});
  CHECK_FALSE(*plain.has_domain("a.example.com", Parents::No));
  CHECK(*plain.has_domain("a.example.com", Parents::Yes));
  CHECK_FALSE(*plain.has_domain("badexample.com", Parents::Yes));
  const MatchList dotted = domains(set, {".example.com"});
  CHECK(*dotted.has_domain("a.b.example.com", Parents::No));
  CHECK_FALSE(*dotted.has_domain("example.com", Parents::No));
}

TEST_CASE("the first pattern that matches decides", "[tables][match]") {
  test::MapFiles files;
  TableSet set(files);
  const MatchList list = domains(set, {"!a.example.com", ".example.com"});
  CHECK_FALSE(*list.has_domain("a.example.com", Parents::No));
  CHECK(*list.has_domain("b.example.com", Parents::No));
  const MatchList late = domains(set, {".example.com", "!a.example.com"});
  CHECK(*late.has_domain("a.example.com", Parents::No));
}

TEST_CASE("tables in a list of domains are asked for the name and, where meant, its parents",
          "[tables][match]") {
  test::MapFiles files;
  files.write("/d", "example.com x\n");
  TableSet set(files);
  const MatchList list = domains(set, {"hash:/d"});
  CHECK(*list.has_domain("example.com", Parents::No));
  CHECK_FALSE(*list.has_domain("a.example.com", Parents::No));
  CHECK(*list.has_domain("a.example.com", Parents::Yes));
  const MatchList inverted = domains(set, {"!hash:/d", ".com"});
  CHECK_FALSE(*inverted.has_domain("example.com", Parents::No));
  CHECK(*inverted.has_domain("example2.com", Parents::No));
}

TEST_CASE("a table that cannot say is an error, not an answer", "[tables][match]") {
  test::MapFiles files;
  TableSet set(files);
  const MatchList list = domains(set, {"pcre:{{/^(a+)+$/ x}}"});
  CHECK_FALSE(list.has_domain(std::string(60, 'a') + ".b", Parents::No));
}

TEST_CASE("clients are in blocks and tables", "[tables][match]") {
  test::MapFiles files;
  files.write("/c", "198.51.100.0/24 x\n");
  TableSet set(files);
  const MatchList list =
      addresses(set, {"!192.0.2.9", "192.0.2.0/24", "[2001:db8::]/32", "[::1/128]", "cidr:/c"});
  CHECK(has(list, "192.0.2.1"));
  CHECK_FALSE(has(list, "192.0.2.9"));
  CHECK(has(list, "::ffff:192.0.2.1"));
  CHECK(has(list, "2001:db8::5"));
  CHECK(has(list, "::1"));
  CHECK(has(list, "198.51.100.77"));
  CHECK_FALSE(has(list, "203.0.113.1"));
  CHECK(list.networks().size() == 3);
}

TEST_CASE("an indexed table of clients is asked for the address as text", "[tables][match]") {
  test::MapFiles files;
  files.write("/c", "2001:db8::1 x\n");
  TableSet set(files);
  CHECK(has(addresses(set, {"hash:/c"}), "2001:0db8:0::1"));
}

TEST_CASE("a block of mapped addresses is the IPv4 block it stands for", "[tables][match]") {
  CHECK(parse_address_pattern("[::ffff:127.0.0.0]/104")->text() == "127.0.0.0/8");
  CHECK(parse_address_pattern("::ffff:192.0.2.1/128")->text() == "192.0.2.1/32");
  CHECK_FALSE(parse_address_pattern("[::ffff:127.0.0.0]/8"));
  CHECK_FALSE(parse_address_pattern("[::ffff:127.0.0.0]/129"));
}

TEST_CASE("mistakes in patterns say what was meant", "[tables][match]") {
  CHECK(parse_address_pattern("10.0.0.1/8").error().detail.find("10.0.0.0/8") != std::string::npos);
  CHECK(parse_address_pattern("10.0.0.0/99").error().detail.find("32") != std::string::npos);
  CHECK_FALSE(parse_address_pattern("example.com"));
  CHECK_FALSE(parse_address_pattern(""));
  CHECK_FALSE(parse_domain_pattern("two words"));
  CHECK_FALSE(parse_domain_pattern("a..b"));
  CHECK_FALSE(parse_domain_pattern("a."));
  CHECK_FALSE(parse_domain_pattern("user@example.com"));
  CHECK(parse_address_pattern("!192.0.2.0/24")->text() == "!192.0.2.0/24");
}

TEST_CASE("a recipient is looked up whole, then by its local part, then by its domain",
          "[tables][match]") {
  CHECK(recipient_keys("al", "example.com", true) ==
        std::vector<std::string>{"al@example.com", "al", "@example.com"});
  CHECK(recipient_keys("al", "example.com", false) ==
        std::vector<std::string>{"al@example.com", "@example.com"});
  test::MapFiles files;
  TableSet set(files);
  const std::vector<TableHandle> tables{*set.open(*parse_spec("inline:{@example.com=x}"))};
  CHECK(*has_any_key(tables, recipient_keys("al", "example.com", false)));
  CHECK_FALSE(*has_any_key(tables, recipient_keys("al", "example.org", false)));
}
