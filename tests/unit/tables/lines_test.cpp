// SPDX-License-Identifier: Apache-2.0
// tests: logical lines.
#include "tables/lines.h"

#include <string>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "base/limits.h"

using gatepost::tables::LineReader;
using gatepost::tables::Problem;

namespace {

using Lines = std::vector<std::pair<std::size_t, std::string>>;

Lines read(std::string_view text, std::vector<Problem>* problems = nullptr) {
  LineReader reader(text);
  Lines out;
  while (reader.next()) out.emplace_back(reader.number(), reader.line());
  if (problems != nullptr) *problems = reader.take_problems();
  return out;
}

}  // namespace

TEST_CASE("a line that begins with white space goes on with the one before", "[tables][lines]") {
  CHECK(read("a = 1\n  2\n\t3\nb\n") == Lines{{1, "a = 1  2\t3"}, {4, "b"}});
}

TEST_CASE("comments and empty lines stand between a line and its continuation", "[tables][lines]") {
  CHECK(read("# first\n\na\n# in between\n   # indented\n\n  b\nc\n") ==
        Lines{{3, "a  b"}, {8, "c"}});
}

TEST_CASE("a number sign after the first word is no comment", "[tables][lines]") {
  CHECK(read("a # b\n") == Lines{{1, "a # b"}});
}

TEST_CASE("CRLF, a missing last line end and a byte order mark change nothing", "[tables][lines]") {
  CHECK(read("\xEF\xBB\xBF"
             "a\r\n  b\r\n\r\nc") == Lines{{1, "a  b"}, {4, "c"}});
}

TEST_CASE("an empty text has no lines", "[tables][lines]") {
  CHECK(read("").empty());
  CHECK(read("\n\n#\n").empty());
}

TEST_CASE("a continuation of nothing is told with its number", "[tables][lines]") {
  std::vector<Problem> problems;
  CHECK(read("# only this\n  a\nb\n", &problems) == Lines{{3, "b"}});
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == 2);
}

TEST_CASE("a line with a NUL is told and left out, also in a continuation", "[tables][lines]") {
  std::vector<Problem> problems;
  const std::string text("a\0b\nc\n d\0\ne\n", 12);
  CHECK(read(text, &problems) == Lines{{4, "e"}});
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].line == 1);
  CHECK(problems[1].line == 3);
}

TEST_CASE("a logical line past the bound is told and left out", "[tables][lines]") {
  std::string text = "a\n";
  for (std::size_t octets = 0; octets <= gatepost::limits::kConfigLine; octets += 1001) {
    text += " " + std::string(1000, 'x') + "\n";
  }
  std::vector<Problem> problems;
  CHECK(read(text + "b\n", &problems).size() == 1);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == 1);
}

TEST_CASE("problems of a file of another kind stay few", "[tables][lines]") {
  std::vector<Problem> problems;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += std::string("a\0\n", 3);
  CHECK(read(text, &problems).empty());
  CHECK(problems.size() <= 20);
}
