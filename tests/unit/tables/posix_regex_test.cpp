// SPDX-License-Identifier: Apache-2.0
#include "tables/posix_regex.h"

#include <catch2/catch_test_macros.hpp>

namespace gatepost::tables {
namespace {

std::string extended(std::string_view pattern) {
  const auto said = translate_posix(pattern, PosixSyntax::Extended);
  return said ? *said : "error: " + said.error().detail;
}

std::string basic(std::string_view pattern) {
  const auto said = translate_posix(pattern, PosixSyntax::Basic);
  return said ? *said : "error: " + said.error().detail;
}

TEST_CASE("an extended pattern stays as it is where both languages agree", "[tables][regexp]") {
  CHECK(extended("^(.*)@(.*)$") == "^(.*)\\@(.*)$");
  CHECK(extended("a{1,3}|b{2}|c{4,}|d{,5}") == "a{1,3}|b{2}|c{4,}|d{0,5}");
  CHECK(extended("[[:alnum:]_.-]+") == "[[:alnum:]_.-]+");
  CHECK(extended("a{x") == "a\\{x");
}

TEST_CASE("a bracket takes a backslash for itself and ] for its first", "[tables][regexp]") {
  CHECK(extended("[\\.]") == "[\\\\.]");
  CHECK(extended("[]a]") == "[\\]a]");
  CHECK(extended("[^]a]") == "[^\\]a]");
  CHECK(extended("[a[b]") == "[a\\[b]");
  CHECK(extended("[a").starts_with("error"));
}

TEST_CASE("what PCRE2 would read in its own way is put in ours or refused", "[tables][regexp]") {
  CHECK(extended("a++") == "a+");
  CHECK(extended("a+?") == "a*");
  CHECK(extended("a??") == "a?");
  CHECK(extended("a{2}+").starts_with("error"));
  CHECK(extended("(?i)x").starts_with("error"));
  CHECK(extended("(*UTF)x").starts_with("error"));
  CHECK(extended("\\d\\Q\\x41") == "dQx41");
  CHECK(extended("\\<mail\\>") == "\\b(?=\\w)mail\\b(?<=\\w)");
  CHECK(extended("x\\").starts_with("error"));
}

TEST_CASE("a basic pattern has its operators behind a backslash", "[tables][regexp]") {
  CHECK(basic("\\(a\\|b\\)*c\\{2,3\\}\\1") == "(a|b)*c{2,3}\\g{1}");
  CHECK(basic("(a)+{2}") == "\\(a\\)\\+\\{2\\}");
  CHECK(basic("*a^b$c$") == "\\*a\\^b\\$c$");
  CHECK(basic("^*a") == "^\\*a");
}

}  // namespace
}  // namespace gatepost::tables
