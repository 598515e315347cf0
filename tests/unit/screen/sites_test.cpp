// SPDX-License-Identifier: Apache-2.0
// tests: entries of postscreen_dnsbl_sites are read as Postfix reads them.
#include "screen/sites.h"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::screen;

namespace {

Site site(std::string_view word) {
  Result<Site> out = parse_site(word);
  if (!out) FAIL(out.error().detail);
  return *std::move(out);
}

bool matches(std::string_view pattern, std::string_view address) {
  const auto parsed = AddressPattern::parse(pattern);
  if (!parsed) FAIL(parsed.error().detail);
  return parsed->matches(*IpAddress::parse(address));
}

std::string fault(std::string_view word) {
  const Result<Site> out = parse_site(word);
  return out ? "none" : out.error().detail;
}

}  // namespace

TEST_CASE("an entry has a domain, perhaps a pattern and a weight", "[screen][sites]") {
  const Site plain = site("Zen.Spamhaus.ORG");
  CHECK(plain.zone == "zen.spamhaus.org");
  CHECK(plain.weight == 1);
  CHECK(plain.pattern == AddressPattern());
  CHECK(site("list.dnswl.org=127.0.[0..255].[1..3]*-2").weight == -2);
  CHECK(site("b.example*+3").weight == 3);
  CHECK(site("b.example.").zone == "b.example");
  CHECK(site("b.example*0").weight == 0);
  CHECK(site("_key-1.zen.dq.example=127.0.0.2").zone == "_key-1.zen.dq.example");
}

TEST_CASE("a pattern has a number or a set for each octet", "[screen][sites]") {
  CHECK(matches("127.0.0.[2..11;14]", "127.0.0.2"));
  CHECK(matches("127.0.0.[2..11;14]", "127.0.0.11"));
  CHECK(matches("127.0.0.[2..11;14]", "127.0.0.14"));
  CHECK_FALSE(matches("127.0.0.[2..11;14]", "127.0.0.12"));
  CHECK_FALSE(matches("127.0.0.[2..11;14]", "127.0.1.2"));
  CHECK(matches("127.[0..255].[0;5].1", "127.9.5.1"));
  CHECK_FALSE(matches("127.0.0.1", "::1"));
  CHECK(AddressPattern().matches(*IpAddress::parse("10.0.0.1")));
  CHECK_FALSE(AddressPattern().matches(*IpAddress::parse("2001:db8::1")));
}

TEST_CASE("what is no entry is refused with a reason", "[screen][sites]") {
  CHECK(fault("a.example*") ==
        "\"a.example*\": expected a weight after *, as 2 or -3, at most 1000000");
  for (const char* word : {"a.example*x", "a.example*1.5", "a.example*1000001", "a.example*--1",
                           "a.example*99999999999999999999"}) {
    CHECK(fault(word).find("expected a weight") != std::string::npos);
  }
  for (const char* word : {"", "=127.0.0.2", "*3", ".example", "a..example", "127.0.0.2",
                           "-a.example", "a-.example", "a example", "a.example..", "a/b.example"}) {
    CAPTURE(word);
    CHECK(fault(word).find("expected the domain of a list") != std::string::npos);
  }
  CHECK(fault(std::string(64, 'a') + ".example").find("domain of a list") != std::string::npos);
  std::string longest(63, 'a');
  longest = longest + "." + longest + "." + longest;
  CHECK(fault(longest).find("too long to be asked about an IPv6") != std::string::npos);
  for (const char* word :
       {"a.example=", "a.example=127.0.0", "a.example=127.0.0.", "a.example=127.0.0.256",
        "a.example=127.0.0.2.3", "a.example=127.0.0.0002", "a.example=127.0.0.[]",
        "a.example=127.0.0.[2;]", "a.example=127.0.0.[2", "a.example=127.0.0.[9..2]",
        "a.example=127.0.0.2..4", "a.example=127.0.0.[2..]", "a.example=127.0.0.[2]x",
        "a.example=127.0.0.-1"}) {
    CAPTURE(word);
    CHECK(fault(word) != "none");
  }
  CHECK(fault("a.example=127.0.0.[9..2]") ==
        "\"9..2\": the first number of a range is the smaller one");
}

TEST_CASE("a zone that is named often is one zone with many entries", "[screen][sites]") {
  const std::vector<std::string> words{"zen.example=127.0.0.2*3", "b.example",
                                       "ZEN.example=127.0.0.[4..7]*4", "good.example*-2"};
  const auto sites = parse_sites(words);
  REQUIRE(sites);
  REQUIRE(sites->size() == 3);
  CHECK(sites->zones()[0].name == "zen.example");
  CHECK(sites->zones()[0].entries.size() == 2);
  CHECK(sites->zones()[0].positive() == 7);
  CHECK(sites->zones()[2].negative() == -2);
  CHECK(sites->find("good.example") == 2);
  CHECK(sites->find("nobody.example") == Sites::kMostZones);
}

TEST_CASE("there are bounds to how many lists there are", "[screen][sites]") {
  std::vector<std::string> words;
  for (int i = 0; i < 64; ++i) words.push_back("l" + std::to_string(i) + ".example");
  CHECK(parse_sites(words));
  words.emplace_back("one-more.example");
  CHECK(parse_sites(words).error().detail == "\"one-more.example\": there are more than 64 lists");
  CHECK_FALSE(parse_sites(std::vector<std::string>(1025, "a.example")));
  CHECK(all_zones(64) == ~ZoneSet{0});
  CHECK(all_zones(3) == 0b111);
}
