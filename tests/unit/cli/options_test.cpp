// SPDX-License-Identifier: Apache-2.0
// tests: the options all commands share.
#include "cli/options.h"

#include <initializer_list>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::cli;

namespace {
Result<Options> parse(std::initializer_list<std::string_view> words) {
  const std::vector<std::string_view> arguments(words);
  return parse_options(arguments);
}
}  // namespace

TEST_CASE("options and words may be mixed, and two dashes end the options", "[cli]") {
  const auto options = parse({"one", "-c", "/x", "--json", "two", "--", "--no-color"});
  REQUIRE(options);
  CHECK(options->configuration == "/x");
  CHECK(options->json);
  CHECK(options->color);
  CHECK(options->words == std::vector<std::string>{"one", "two", "--no-color"});
}

TEST_CASE("long and short options mean the same, and nothing is kept between calls", "[cli]") {
  for (int round = 0; round < 2; ++round) {
    const auto options = parse({"--config=/x", "--socket", "/s", "--no-color", "-jh"});
    REQUIRE(options);
    CHECK(options->configuration == "/x");
    CHECK(options->socket == "/s");
    CHECK(options->json);
    CHECK(options->help);
    CHECK_FALSE(options->color);
    const auto none = parse({});
    REQUIRE(none);
    CHECK(none->configuration == kDefaultConfiguration);
    CHECK_FALSE(none->json);
    CHECK(none->words.empty());
  }
}

TEST_CASE("an unknown option and a missing value are named", "[cli]") {
  const auto unknown = parse({"--frobnicate"});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().detail == "unknown option --frobnicate");
  const auto missing = parse({"-c"});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().detail == "-c needs a value");
  const auto ugly = parse({"-\x1b"});
  REQUIRE_FALSE(ugly);
  CHECK(ugly.error().detail == "unknown option -?");
}
