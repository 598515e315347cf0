// SPDX-License-Identifier: Apache-2.0
// tests: DNS lists and what is done without them, as values of settings.
#include <catch2/catch_test_macros.hpp>

#include "config/values.h"
#include "unit/tables/map_files.h"

using namespace gatepost;
using namespace gatepost::config;

TEST_CASE("DNS lists are words between commas and white space", "[config][lists]") {
  test::MapFiles files;
  ValueContext context{files, "/etc", {}};
  screen::Sites sites;
  REQUIRE(parse(kinds::Lists{}, "zen.example=127.0.0.[2..4;9]*3,\n  b.example, good.example*-2", {},
                context, sites));
  REQUIRE(sites.size() == 3);
  CHECK(sites.zones()[2].negative() == -2);
  REQUIRE(parse(kinds::Lists{}, "", {}, context, sites));
  CHECK(sites.empty());
  const auto wrong = parse(kinds::Lists{}, "zen.example, b.example*x", {}, context, sites);
  CHECK(wrong.error().detail.starts_with("\"b.example*x\": expected a weight"));
}

TEST_CASE("what is done without lists is one of three words", "[config][lists]") {
  test::MapFiles files;
  ValueContext context{files, "/etc", {}};
  screen::OutagePolicy policy{};
  REQUIRE(parse(kinds::OutagePolicy{}, "Fail-Open", {}, context, policy));
  CHECK(policy == screen::OutagePolicy::FailOpen);
  const auto wrong = parse(kinds::OutagePolicy{}, "greylist-insted", {}, context, policy);
  CHECK(wrong.error().detail.find("greylist-instead") != std::string::npos);
}

TEST_CASE("places are addresses with ports, and paths of sockets", "[config][lists]") {
  test::MapFiles files;
  ValueContext context{files, "/etc", {}};
  std::vector<std::string> places;
  REQUIRE(parse(kinds::Places{}, "127.0.0.1:10023, inet:[::1]:10023 unix:/run/a /run/b", {},
                context, places));
  CHECK(places == std::vector<std::string>{"127.0.0.1:10023", "[::1]:10023", "/run/a", "/run/b"});
  for (const char* wrong :
       {"private/gatepost", "unix:private/gatepost", "10023", "inet:/run/a:1 x"}) {
    CHECK_FALSE(parse(kinds::Places{}, wrong, {}, context, places));
  }
}
