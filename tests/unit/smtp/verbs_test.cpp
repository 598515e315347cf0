// SPDX-License-Identifier: Apache-2.0
// unit: command lines taken apart.
#include "smtp/verbs.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost::smtp;

TEST_CASE("a command is a verb in any case and its arguments", "[smtp][verbs]") {
  const Command command = parse_command("  mAiL \t FROM:<a@b.example>  SIZE=1 ");
  CHECK(command.verb == Verb::Mail);
  CHECK(command.word == "mAiL");
  CHECK(command.arguments == "FROM:<a@b.example>  SIZE=1");
}

TEST_CASE("verbs are whole words", "[smtp][verbs]") {
  CHECK(parse_command("QUITS").verb == Verb::Unknown);
  CHECK(parse_command("QUI").verb == Verb::Unknown);
  CHECK(parse_command("UNKNOWN").verb == Verb::Unknown);
  CHECK(parse_command("").word.empty());
  CHECK(parse_command(" \t ").word.empty());
}

TEST_CASE("every verb is found by its name", "[smtp][verbs]") {
  for (const VerbRow& row : verbs()) {
    CHECK(parse_command(row.name).verb == row.verb);
    CHECK(verb_row(row.verb).name == row.name);
  }
}

TEST_CASE("a header field is told from a command", "[smtp][verbs]") {
  CHECK(looks_like_header("Subject:"));
  CHECK(looks_like_header("X-Y:z"));
  CHECK_FALSE(looks_like_header("MAIL"));
  CHECK_FALSE(looks_like_header(":x"));
}

TEST_CASE("what may be credentials is not shown", "[smtp][verbs]") {
  CHECK(hide_credentials("RSET\r\nMAIL FROM:<a@b.example>") == "RSET\r\nMAIL FROM:<a@b.example>");
  CHECK(hide_credentials("AUTH PLAIN AGFs") == kNotShown);
  CHECK(hide_credentials("NOOP\nauthPLAIN AGFs\r\nQUIT") == "NOOP\n(not shown)");
  CHECK(hide_credentials(std::string_view("A\r\0 AUTH LOGIN\r\nAGFs", 20)) == "A\r(not shown)");
  CHECK(hide_credentials("").empty());
}
