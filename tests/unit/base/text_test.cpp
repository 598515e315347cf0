// SPDX-License-Identifier: Apache-2.0
// base: ASCII text.
#include "base/text.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;

TEST_CASE("words are split at any separator and empty ones left out", "[base]") {
  const auto words = split(" a,b ,, c ", ", ");
  REQUIRE(words.size() == 3);
  CHECK(words[0] == "a");
  CHECK(words[2] == "c");
  CHECK(split("", ",").empty());
  CHECK(split(",,,", ",").empty());
}

TEST_CASE("a number is the whole text or nothing", "[base]") {
  CHECK(parse_number("0") == 0U);
  CHECK(parse_number("18446744073709551615") == 18446744073709551615U);
  CHECK_FALSE(parse_number("18446744073709551616"));
  CHECK_FALSE(parse_number(""));
  CHECK_FALSE(parse_number("-1"));
  CHECK_FALSE(parse_number("+1"));
  CHECK_FALSE(parse_number("1 "));
  CHECK_FALSE(parse_number("0x10"));
}

TEST_CASE("case is folded for ASCII letters only", "[base]") {
  CHECK(iequals("Postmaster", "pOSTMASTER"));
  CHECK_FALSE(iequals("\xc3\x84", "\xc3\xa4"));
  CHECK(istarts_with("MAILDIR:/x", "maildir:"));
  CHECK_FALSE(istarts_with("mail", "maildir:"));
}

TEST_CASE("peer text is cut and everything unprintable becomes a question mark", "[base]") {
  CHECK(printable("a\r\nb\x7f\xff", 100) == "a??b??");
  CHECK(printable("abcdef", 3) == "abc");
}

TEST_CASE("UTF-8 is checked as RFC 3629 has it", "[base]") {
  CHECK(is_utf8("gr\xc3\xbc\xc3\x9f"));
  CHECK(is_utf8("\xf0\x9f\x93\xac"));
  CHECK(is_utf8("\xf4\x8f\xbf\xbf"));
  CHECK_FALSE(is_utf8("\xc0\xaf"));          // overlong
  CHECK_FALSE(is_utf8("\xe0\x80\xaf"));      // overlong
  CHECK_FALSE(is_utf8("\xed\xa0\x80"));      // surrogate
  CHECK_FALSE(is_utf8("\xf4\x90\x80\x80"));  // past U+10FFFF
  CHECK_FALSE(is_utf8("\xc3"));              // cut
  CHECK_FALSE(is_utf8("\x80"));
}

TEST_CASE("the distance of two names counts edits and swaps", "[base]") {
  CHECK(edit_distance("myhostname", "myhostname") == 0);
  CHECK(edit_distance("myhostnmae", "myhostname") == 1);
  CHECK(edit_distance("myhostnam", "myhostname") == 1);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance(std::string(500, 'a'), "a") == 128);
}
