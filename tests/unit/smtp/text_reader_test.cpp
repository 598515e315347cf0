// SPDX-License-Identifier: Apache-2.0
// unit: the text of a message as it comes with DATA.
#include "smtp/text_reader.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <catch2/catch_test_macros.hpp>

using gatepost::smtp::LineEnds;
using gatepost::smtp::TextReader;

namespace {

struct Text {
  std::string stored;
  bool bare_lf = false;
  bool ended = false;
  std::string left;
  bool operator==(const Text&) const = default;
};

Text read(std::string_view octets, std::size_t piece, std::size_t room) {
  TextReader reader;
  Text text;
  std::array<char, 64> buffer{};
  while (!octets.empty() && !text.ended) {
    std::string_view input = octets.substr(0, piece);
    const std::size_t offered = input.size();
    const auto got = reader.read(input, std::span(buffer).first(room));
    text.stored.append(buffer.data(), got.octets);
    text.ended = got.ended;
    octets.remove_prefix(offered - input.size());
  }
  text.left = octets;
  text.bare_lf = reader.bare_lf();
  return text;
}

}  // namespace

TEST_CASE("the end of a text is CRLF.CRLF in every cut and every room", "[smtp][text]") {
  const std::string octets =
      "a\r\n..b\r\n.c\nd\n.\ne\r.\r\nf\r\n.\rg\r\n.\r\r\n\r\n.\r\n.\r\nQUIT\r\n";
  const Text whole = read(octets, octets.size(), 64);
  CHECK(whole.stored == "a\n.b\nc\nd\n\ne .\nf\n g\n \n\n");
  CHECK(whole.bare_lf);
  CHECK(whole.ended);
  CHECK(whole.left == ".\r\nQUIT\r\n");
  for (std::size_t piece = 1; piece <= octets.size(); ++piece) {
    for (const std::size_t room : {4UL, 5UL, 7UL, 64UL}) CHECK(read(octets, piece, room) == whole);
  }
}

TEST_CASE("the end is where a search for it finds it", "[smtp][text]") {
  // Every string of six from the octets that matter, followed by a true end.
  constexpr std::string_view kOctets("\r\n.x\0", 5);
  std::string octets;
  for (int n = 0; n < 15625; ++n) {
    octets.clear();
    for (int i = 0, rest = n; i < 6; ++i, rest /= 5) {
      octets.push_back(kOctets[static_cast<std::size_t>(rest % 5)]);
    }
    octets += "\r\n.\r\nREST";
    const std::size_t end = ("\r\n" + octets).find("\r\n.\r\n") + 3;
    const Text text = read(octets, 3, 5);
    if (text.left != octets.substr(end)) FAIL("ended elsewhere in case " << n);
    if (text.stored.find('\r') != std::string::npos) FAIL("CR stored in case " << n);
  }
  SUCCEED();
}

TEST_CASE("what is not the end is not missed as an end later", "[smtp][text]") {
  CHECK(read(".\r\n", 3, 64) == Text{"", false, true, ""});
  CHECK(read(".\n.\r\n", 5, 64) == Text{"\n\n", true, false, ""});
  CHECK(read(".\n.\r\n.\r\n", 8, 64) == Text{"\n\n", true, true, ""});
}

TEST_CASE("line ends are stored in one form, and the last line is ended", "[smtp][text]") {
  LineEnds ends;
  std::array<char, 64> buffer{};
  std::string_view input = "a\r\nb\rc\nd\r";
  std::string out(buffer.data(), ends.convert(input, buffer));
  CHECK(out == "a\nb c\nd");
  CHECK(ends.bare_lf());
  out.append(buffer.data(), ends.finish(buffer));
  CHECK(out == "a\nb c\nd \n");
  CHECK(ends.finish(buffer) == 0);
}
