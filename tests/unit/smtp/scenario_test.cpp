// SPDX-License-Identifier: Apache-2.0
// unit: the scenario language fails where it should; a runner that cannot fail proves nothing.
#include "support/scenario.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "support/play.h"

using gatepost::support::parse_scenarios;
using gatepost::support::Play;
using gatepost::support::play_scenario;
using gatepost::support::session_settings;

namespace {

std::string problem(const std::string& text) {
  const auto parsed = parse_scenarios("scenario A test.\n" + text, "x.scn");
  if (!parsed) return parsed.error().detail;
  const auto settings = session_settings(parsed->front());
  if (!settings) return settings.error().detail;
  Play play(*settings);
  const auto result = play_scenario(parsed->front(), play, {});
  return result ? "" : result.error().detail;
}

}  // namespace

TEST_CASE("a dialogue that goes as written passes", "[scenario]") {
  CHECK(problem("> NOOP\n< 250 2.0.0 Ok\n> EHLO x\n<* 250\nlog noop=1\n") == "");
}

TEST_CASE("every kind of expectation can fail", "[scenario]") {
  for (const char* text :
       {"> NOOP\n< 250 2.0.0 ok\n", "> NOOP\n<~ 251\n", "> EHLO x\n<* 251\n", "> NOOP\n",
        "> NOOP\n> NOOP\n< 250 2.0.0 Ok\n< 250 2.0.0 Ok\n", "closed\n", "tls\n", "messages 1\n",
        "stored x\n", "log nothing of the kind\n", "core: pauses 1\n",
        "> NOOP\n< 250 2.0.0 Ok\n< 250 2.0.0 Ok\n"}) {
    INFO(text);
    CHECK(problem(text).find("x.scn:") == 0);
  }
}

TEST_CASE("a file that is not understood is refused with its line", "[scenario]") {
  CHECK(problem("speak NOOP\n") == "x.scn:2: unknown word: speak");
  CHECK(problem("> a\\qb\n") == "x.scn:2: bad escape");
  CHECK(problem("shutdown\n") == "x.scn:2: shutdown needs core: before it");
  CHECK(problem("setting nonsense 1\n").find("bad setting") != std::string::npos);
  CHECK_FALSE(parse_scenarios("> NOOP\n", "x.scn"));
}

TEST_CASE("escapes stand for octets", "[scenario]") {
  const auto parsed = parse_scenarios("scenario S.\n>> a\\x00\\r\\n\\(3 b\\t)\\\\\n", "x.scn");
  REQUIRE(parsed);
  CHECK(parsed->front().actions.front().text == std::string("a\0\r\nb\tb\tb\t\\", 11));
}
