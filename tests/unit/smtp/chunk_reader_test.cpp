// SPDX-License-Identifier: Apache-2.0
// unit: BDAT chunks.
#include "smtp/chunk_reader.h"

#include <array>
#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost::smtp;

TEST_CASE("a chunk size is a number, and LAST may follow", "[smtp][chunk]") {
  CHECK(parse_chunk_size("0")->octets == 0);
  CHECK_FALSE(parse_chunk_size("10")->last);
  CHECK(parse_chunk_size("10 last")->last);
  CHECK(parse_chunk_size("18446744073709551615  LAST")->octets == 18446744073709551615U);
  for (const char* wrong : {"", "LAST", "-1", "+1", "1x", "0x10", "18446744073709551616", "1 2",
                            "1 LAST x", "1,LAST"}) {
    CHECK_FALSE(parse_chunk_size(wrong));
  }
}

TEST_CASE("a chunk is its octets and not one more", "[smtp][chunk]") {
  std::array<char, 64> buffer{};
  ChunkReader reader;
  LineEnds ends;
  reader.begin({5, false});
  std::string_view input = "ab\r";
  CHECK(reader.read(input, buffer, ends).octets == 2);
  input = "\ncQUIT";
  const TextPiece piece = reader.read(input, buffer, ends);
  CHECK(std::string(buffer.data(), piece.octets) == "\nc");
  CHECK(piece.ended);
  CHECK(input == "QUIT");
}

TEST_CASE("a skipped chunk leaves what follows it", "[smtp][chunk]") {
  ChunkReader reader;
  reader.begin({5, true});
  std::string_view input = "abc";
  CHECK_FALSE(reader.skip(input));
  input = "deQUIT";
  CHECK(reader.skip(input));
  CHECK(input == "QUIT");
  CHECK(reader.skip(input));
  CHECK(input == "QUIT");
}
