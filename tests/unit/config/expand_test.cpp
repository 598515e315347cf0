// SPDX-License-Identifier: Apache-2.0
// tests: references and conditions in values; what Postfix 3.7's postconf -x makes of the same.
#include "config/expand.h"

#include <map>
#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;

namespace {

class MapNames final : public config::Names {
 public:
  std::optional<std::string> value_of(std::string_view name) override {
    const auto found = values.find(std::string(name));
    if (found == values.end()) return std::nullopt;
    return found->second;
  }
  std::string suggestion(std::string_view) override { return "; did you mean this?"; }

  std::map<std::string, std::string> values{
      {"set", "yes"},        {"empty", ""},          {"five", "5"},     {"again", "$set"},
      {"circle", "a$round"}, {"round", "${circle}"}, {"dollar", "a$$b"}};
};

std::string expand(std::string_view text) {
  MapNames names;
  const auto value = config::expand(text, names);
  return value ? *value : "error: " + value.error().detail;
}

bool fails(std::string_view text) {
  return expand(text).starts_with("error: ");
}

}  // namespace

TEST_CASE("a reference stands for the value, in three spellings", "[config][expand]") {
  CHECK(expand("<$set ${set} $(set)>") == "<yes yes yes>");
  CHECK(expand("$again.$empty.") == "yes..");
  CHECK(expand("no reference") == "no reference");
  CHECK(expand("") == "");
}

TEST_CASE("two dollar signs are one", "[config][expand]") {
  CHECK(expand("a$$set") == "a$set");
  CHECK(expand("$dollar") == "a$b");
}

TEST_CASE("a condition chooses by whether there is a value", "[config][expand]") {
  CHECK(expand("${set?text}|${empty?text}|${nowhere?text}") == "text||");
  CHECK(expand("${set:text}|${empty:text}|${nowhere:text}") == "|text|text");
  CHECK(expand("${set?{a}:{b}}|${empty?{a}:{b}}") == "a|b");
  CHECK(expand("${ set ? { a } : { b c } }|${ empty ? { a } : { b c } }") == "a|b c");
  CHECK(expand("${empty: {abc} }") == "abc");
  CHECK(expand("${set?$again$$}") == "yes$");
  CHECK(expand("${nowhere?{a}:{${five}${set?{x}}}}") == "5x");
}

TEST_CASE("only what is chosen is expanded", "[config][expand]") {
  CHECK(expand("${set?{a}:{$nowhere}}") == "a");
  CHECK(fails("${empty?{a}:{$nowhere}}"));
}

TEST_CASE("a comparison compares numbers as numbers and text as text", "[config][expand]") {
  CHECK(expand("${{5} < {10} ? {x} : {y}}") == "x");
  CHECK(expand("${{a5} < {a10} ? {x} : {y}}") == "y");
  CHECK(expand("${{05} == {$five}? {same}}") == "same");
  CHECK(expand("${{$set} == {yes} ? { x }: {y}}") == "x");
  CHECK(expand("${{$dollar} != {a$$b} ? {x} : {y}}") == "y");
  CHECK(expand("${{} == {} ? {empty}:{not}}") == "empty");
  CHECK(expand("${{2} >= {2}?{ge}}${{2} <= {1}?{le}}${{3} > {2}?{gt}}") == "gegt");
  CHECK(expand("${{99999999999999999999999} > {1} ? {big}}") == "big");
}

TEST_CASE("levels compare number by number", "[config][expand]") {
  CHECK(expand("${{3.6} <level {3.10} ? {yes} : {no}}") == "yes");
  CHECK(expand("${{3.6} <level {3.6}? {yes} : {no}}") == "no");
  CHECK(expand("${{3.6} >=level {3.6.0} ? {yes}}${{} ==level {0}?{yes}}") == "yesyes");
  CHECK(fails("${{3.6} =level {3.6} ? {yes}}"));
}

TEST_CASE("an unknown name is an error that names it and the nearest", "[config][expand]") {
  CHECK(expand("$nowhere") ==
        "error: \"$nowhere\" refers to an unknown parameter; did you mean this?");
}

TEST_CASE("a parameter that refers to itself is an error", "[config][expand]") {
  CHECK(expand("$circle").find("refers to itself") != std::string::npos);
  CHECK(fails("${circle?x}"));
}

TEST_CASE("what is not well formed is an error", "[config][expand]") {
  for (const char* text :
       {"$", "$ x", "a$", "${", "${}", "${set", "$(set", "${set)", "$.", "${set!x}", "${set?{a}b}",
        "${set?{a}:{b}c}", "${{a}}", "${{a} == }", "${{a} == {b}}", "${{a} = {b} ? {c}}",
        "${{a} {b} ? {c}}", "${{a", "${ }"}) {
    CAPTURE(text);
    CHECK(fails(text));
  }
}

TEST_CASE("nesting and growth have an end", "[config][expand]") {
  std::string deep = "x";
  for (int i = 0; i < 1000; ++i) deep = "${set?{" + deep + "}}";
  CHECK(fails(deep));
  MapNames names;
  names.values["l0"] = std::string(1000, 'x');
  for (int i = 1; i < 40; ++i) {
    const std::string below = "$l" + std::to_string(i - 1);
    names.values["l" + std::to_string(i)] = below + below;
  }
  CHECK_FALSE(config::expand("$l39", names));
  names.values["l0"] = "";
  CHECK_FALSE(config::expand("$l39", names));
}
