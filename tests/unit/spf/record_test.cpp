// SPDX-License-Identifier: Apache-2.0
// unit: SPF records as values.
#include "spf/record.h"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using spf::Mechanism;

namespace {

/// The terms as they are written again, or what is wrong.
std::string terms(std::string_view text) {
  const auto record = spf::parse_record(text);
  if (!record) return record.error().detail;
  std::string out;
  for (const spf::Term& term : record->terms) out += term.text() + ';';
  return out;
}

bool is_broken(std::string_view word) {
  return !spf::parse_record("v=spf1 " + std::string(word) + " -all");
}

}  // namespace

TEST_CASE("a record is read as its terms", "[spf][record]") {
  CHECK(terms("v=spf1") == "");
  CHECK(terms("V=SPF1  +A:x.example/24//64 ?mx//48 -ALL ") == "a:x.example/24//64;?mx//48;-all;");
  CHECK(terms("v=spf1 ip4:192.0.2.7/24 IP6:2001:db8::/32 ip6:::1") ==
        "ip4:192.0.2.7/24;ip6:2001:db8::/32;ip6:::1;");
  CHECK(terms("v=spf1 exists:%{ir}.l.example include:%{d2} ptr ptr:o.example.") ==
        "exists:%{ir}.l.example;include:%{d2};ptr;ptr:o.example.;");
  const auto record = spf::parse_record("v=spf1 Redirect=r.example exp=e.example x=%{l/} ~all");
  REQUIRE(record);
  CHECK(record->redirect == "r.example");
  CHECK(record->explanation == "e.example");
  CHECK(record->terms.size() == 1);
}

TEST_CASE("a record says which of its words is broken", "[spf][record]") {
  CHECK(terms("v=spf1 a mooh:x -all") == "SPF record has a broken mechanism: mooh:x");
  CHECK(terms("v=spf1 exp=\x01 -all") == "SPF record has a broken modifier: exp=?");
  CHECK(terms("v=spf10 a") == "not an SPF record: v=spf10 a");
  CHECK(terms("v=spf1 " + std::string(spf::kMostRecord, 'a')).starts_with("SPF record too long"));
}

TEST_CASE("what the grammar does not allow is refused", "[spf][record]") {
  for (const char* word : {"a/",
                           "a:",
                           "a:/24",
                           "a///24",
                           "a:x.example/24/24",
                           "a/033",
                           "a//129",
                           "a:x.example//24/24",
                           "ip4:192.0.2.1/",
                           "ip4:192.0.2.1//24",
                           "ip4:2001:db8::1",
                           "ip6:192.0.2.1",
                           "ip6:/32",
                           "ip4",
                           "all/0",
                           "ptr/24",
                           "include",
                           "include:",
                           "exists",
                           "+",
                           "-",
                           "+redirect=x.example",
                           "a:x.example\t",
                           "a:%",
                           "a:%{",
                           "a:%{}",
                           "a:%{d0}",
                           "a:%{d}x",
                           "a:%{dq}",
                           "a:%{c}",
                           "a:x.-y",
                           "a:x.y-",
                           "a:x.1",
                           "a:x",
                           "a:.",
                           "redirect=x",
                           "exp=",
                           "1x=y",
                           "x=%",
                           "x=%{z}"}) {
    INFO(word);
    CHECK(is_broken(word));
  }
  for (const char* word : {"a/0", "a:%{d}", "a:%{d999r.-+,/_=}", "a:%%.x", "a:x.1y", "a:x.y--z",
                           "a:x.%{d}/24", "x-.1=", "x=%{l}%_"}) {
    INFO(word);
    CHECK_FALSE(is_broken(word));
  }
  CHECK(is_broken("exp=a.example exp=a.example"));
  CHECK(is_broken("redirect=a.example redirect=a.example"));
}

TEST_CASE("there is one record of a name, or none, or an error", "[spf][record]") {
  const auto none = spf::select_record({"x", "v=spf10", "v=spf1a"});
  REQUIRE(none);
  CHECK_FALSE(none->found);
  const auto one = spf::select_record({"x", "v=spf1 -all", "\xff"});
  REQUIRE(one);
  CHECK(one->found);
  CHECK_FALSE(spf::select_record({"v=spf1 -all", "v=spf1 -all"}));
}
