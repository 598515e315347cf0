// SPDX-License-Identifier: Apache-2.0
// policy: an owner's words with names in them.
#include "policy/macros.h"

#include <map>
#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost::policy;

namespace {

struct Names final : MacroNames {
  std::map<std::string, std::string, std::less<>> values{
      {"who", "a<b>\r\n250 c"}, {"x", "y"}, {"none", ""}, {"money", "$who"}};
  [[nodiscard]] std::optional<std::string> value_of(std::string_view name) const override {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  }
};

std::string expanded(std::string_view text) {
  return expand_macros(text, Names(), "abcdefghijklmnopqrstuvwxyz$ 0123456789");
}

}  // namespace

TEST_CASE("names are replaced, and what they stand for is censored", "[policy][macros]") {
  CHECK(expanded("1 $x, ${x}-$(x)_$xx.") == "1 y, y-y_.");
  CHECK(expanded("<$who>") == "<a_b___250 c>");
  // One level: what a client says is no name.
  CHECK(expanded("$money") == "$who");
  CHECK(expanded("$$x $ $, 5$") == "$x $ $, 5$");
  CHECK(expanded("") == "");
}

TEST_CASE("words depend on whether a name stands for something", "[policy][macros]") {
  CHECK(expanded("${x?yes $x}${none?no}${nobody?no}") == "yes y");
  CHECK(expanded("${x:no}${none:yes $x}${nobody:{too}}") == "yes ytoo");
  CHECK(expanded("${x?{yes}:{no}} ${none?{yes}:{no $x}} ${x ? {a} : {b}}") == "yes no y a");
  CHECK(expanded("${x?${none?a}${none:b}}") == "b");
}

TEST_CASE("words without an end have one", "[policy][macros]") {
  CHECK(expanded("${x") == "y");
  CHECK(expanded("${x?{{a") == "{a");
  CHECK(expanded("$(") == "");
  std::string nested;
  for (int i = 0; i < 5000; ++i) nested += "${x?";
  CHECK(expanded(nested).empty());
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "$who";
  CHECK(expanded(many).size() == kMostExpanded);
}

TEST_CASE("escapes of a filter are read as in C", "[policy][macros]") {
  CHECK(read_escapes(R"(\t\40!"\\]\101a\)") == "\t !\"\\]Aa\\");
  CHECK(read_escapes(R"(\q\n\777)") == "q\n\xff");
}
