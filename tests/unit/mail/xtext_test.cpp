// SPDX-License-Identifier: Apache-2.0
// unit: xtext.
#include "mail/xtext.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

using gatepost::mail::format_xtext;
using gatepost::mail::parse_xtext;

TEST_CASE("xtext says any octet with printable ones", "[mail][xtext]") {
  CHECK(parse_xtext("a+2Bb+3D+20c", false) == "a+b= c");
  CHECK(parse_xtext("+2b", false) == "+");
  CHECK(parse_xtext("", false) == "");
  CHECK(format_xtext("a+b= c\n\xc3") == "a+2Bb+3D+20c+0A+C3");
}

TEST_CASE("malformed xtext is nothing", "[mail][xtext]") {
  for (const std::string_view text :
       {"+", "+2", "a+2", "+G0", "+0g", "a=b", "a b", "a\tb", "\x7f"}) {
    CHECK_FALSE(parse_xtext(text, true));
  }
  CHECK_FALSE(parse_xtext("\xc3\xa4", false));
  CHECK(parse_xtext("\xc3\xa4", true) == "\xc3\xa4");
}

TEST_CASE("every octet survives xtext", "[mail][xtext]") {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  CHECK(parse_xtext(format_xtext(all), false) == all);
}
