// SPDX-License-Identifier: Apache-2.0
// unit: octets to command lines.
#include "smtp/line_reader.h"

#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using gatepost::smtp::LineReader;

namespace {

std::vector<std::string> read_cut(std::string_view octets, std::size_t piece, std::size_t limit) {
  LineReader reader;
  std::vector<std::string> lines;
  while (!octets.empty()) {
    std::string_view input = octets.substr(0, piece);
    octets.remove_prefix(input.size());
    while (!input.empty()) {
      const auto line = reader.take(input, limit);
      if (!line) break;
      std::string shown(line->text);
      if (line->bare_lf) shown += "|lf";
      if (line->too_long) shown += "|long";
      if (line->endless) shown += "|endless";
      lines.push_back(shown);
    }
  }
  return lines;
}

}  // namespace

TEST_CASE("lines are found in any cut", "[smtp][line]") {
  const std::string octets = "one\r\n\r\ntwo\nthr\ree\r\r\n1234567890\r\n12345678901\r\n" +
                             std::string(300, 'x') + "\nend\r\nrest";
  const std::vector<std::string> expected{"one",        "",      "two|lf", "thr\ree",
                                          "1234567890", "|long", "|long",  "end"};
  for (std::size_t piece = 1; piece <= octets.size(); ++piece) {
    auto lines = read_cut(octets, piece, 10);
    // Whether a line too long ended in LF alone is not told; its length is what matters.
    for (std::string& line : lines) {
      if (line == "|lf|long") line = "|long";
    }
    CHECK(lines == expected);
  }
}

TEST_CASE("a line without end is given up", "[smtp][line]") {
  const std::string octets(LineReader::kEndless + 9, 'x');
  for (const std::size_t piece : {1UL, 7UL, 4096UL, 100000UL}) {
    CHECK(read_cut(octets, piece, 10).empty());
    CHECK(read_cut(octets + "x", piece, 10) == std::vector<std::string>{"|long|endless"});
  }
}

TEST_CASE("the octets after a line stay in the input", "[smtp][line]") {
  LineReader reader;
  std::string_view input = "one\r\ntwo\r\nthr";
  CHECK(reader.take(input, 10)->text == "one");
  CHECK(input == "two\r\nthr");
  CHECK(reader.idle());
  CHECK(reader.take(input, 10)->text == "two");
  CHECK_FALSE(reader.take(input, 10));
  CHECK_FALSE(reader.idle());
  reader.clear();
  input = "four\r\n";
  CHECK(reader.take(input, 10)->text == "four");
}
