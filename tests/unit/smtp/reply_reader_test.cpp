// SPDX-License-Identifier: Apache-2.0
// tests: a server's replies, however they come.
#include "smtp/reply_reader.h"

#include <catch2/catch_test_macros.hpp>

namespace gatepost::smtp {
namespace {

/// All replies in `octets`, given in pieces of `size`; "!" at the end when the reader is broken.
std::vector<std::string> read_all(std::string_view octets, std::size_t size) {
  ReplyReader reader;
  std::vector<std::string> out;
  while (!octets.empty() && !reader.broken()) {
    std::string_view piece = octets.substr(0, size);
    octets.remove_prefix(piece.size());
    while (!piece.empty() && !reader.broken()) {
      if (const auto reply = reader.feed(piece)) out.push_back(format_said(*reply));
    }
  }
  if (reader.broken()) out.emplace_back("!");
  return out;
}

}  // namespace

TEST_CASE("replies are read however the octets are cut", "[smtp][reply_reader]") {
  const std::string octets =
      "220 mx ready\r\n250-mx\r\n250-PIPELINING\n250 SIZE 5\r\n550 5.1.1 <x>: no\r\n"
      "452-4.2.2 full\r\n452 4.2.2 really\r\n354\r\n250 2.1.5\r\n";
  const std::vector<std::string> wanted = {"220 mx ready",
                                           "250 mx PIPELINING SIZE 5",
                                           "550 5.1.1 <x>: no",
                                           "452 4.2.2 full really",
                                           "354 ",
                                           "250 2.1.5 "};
  for (std::size_t size = 1; size <= octets.size(); ++size) CHECK(read_all(octets, size) == wanted);
}

TEST_CASE("what is no reply breaks the reader", "[smtp][reply_reader]") {
  for (const char* octets : {"hello\r\n", "25\r\n", "2500 x\r\n", "150 x\r\n", "650 x\r\n", "\r\n",
                             "250-a\r\n251 b\r\n", "25x a\r\n"}) {
    INFO(octets);
    CHECK(read_all(octets, 4) == std::vector<std::string>{"!"});
  }
}

TEST_CASE("a reply that does not end is given up, a long one is cut", "[smtp][reply_reader]") {
  CHECK(read_all(std::string(ReplyReader::kMostOctets + 2, '2'), 1000) ==
        std::vector<std::string>{"!"});
  std::string endless;
  while (endless.size() < ReplyReader::kMostOctets + 100) endless += "250-more\r\n";
  CHECK(read_all(endless, 1000) == std::vector<std::string>{"!"});
  const auto cut = read_all("250 " + std::string(10000, 'x') + "\r\n221 bye\r\n", 777);
  REQUIRE(cut.size() == 2);
  CHECK(cut[0].size() <= ReplyReader::kMostText + 4);
  CHECK(cut[1] == "221 bye");
}

TEST_CASE("an enhanced code counts only where it fits the reply's", "[smtp][reply_reader]") {
  CHECK(read_all("550 4.1.1 x\r\n", 99) == std::vector<std::string>{"550 4.1.1 x"});
  ReplyReader reader;
  std::string_view input = "550 4.1.1 x\r\n";
  CHECK(reader.feed(input)->enhanced.empty());
  input = "550 5.1111.1 x\r\n";
  CHECK(reader.feed(input)->enhanced.empty());
  input = "550 5.1.10 x\r\n";
  CHECK(reader.feed(input)->enhanced == "5.1.10");
}

}  // namespace gatepost::smtp
