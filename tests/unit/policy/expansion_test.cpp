// SPDX-License-Identifier: Apache-2.0
// policy: where addresses lead: cases from virtual(5), aliases(5) and local(8).
#include "policy/expansion.h"

#include <map>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using policy::DomainClass;

namespace {

using Map = std::map<std::string, std::string, std::less<>>;

/// example.com and second.example are Local, hosted.example has mailboxes, alias.example none.
struct Tables final : policy::AddressTables {
  Map virtuals, aliases, moved, includes;
  bool broken = false;

  static std::optional<std::string> find(const Map& in, std::string_view key) {
    const auto found = in.find(key);
    return found == in.end() ? std::nullopt : std::optional(found->second);
  }
  Result<std::optional<std::string>> find_virtual(std::string_view key) override {
    if (broken) return Error{Cause::Temporary, "broken"};
    return find(virtuals, key);
  }
  Result<std::optional<std::string>> find_alias(std::string_view key) override {
    return find(aliases, key);
  }
  Result<std::optional<std::string>> find_moved(std::string_view key) override {
    return find(moved, key);
  }
  Result<std::string> read_include(const std::string& path) override {
    return find(includes, path).value_or("");
  }
  Result<DomainClass> domain_class(std::string_view domain) override {
    if (domain == "example.com" || domain == "second.example") return DomainClass::Local;
    if (domain == "hosted.example") return DomainClass::Virtual;
    if (domain == "alias.example") return DomainClass::Alias;
    return DomainClass::Other;
  }
};

struct Place {
  Tables tables;
  policy::ExpansionSettings settings;
  Place() {
    settings.myorigin = "example.com";
    settings.delimiters = "+";
  }
  policy::Expansion whole(std::string_view address) {
    const std::size_t at = address.rfind('@');
    policy::Expander expander(tables, settings);
    auto out =
        expander.expand({std::string(address.substr(0, at)), std::string(address.substr(at + 1))});
    REQUIRE(out);
    return *std::move(out);
  }
  std::string leads(std::string_view address) {
    const policy::Expansion found = whole(address);
    switch (found.fault) {
      case policy::Expansion::Fault::Loop:
        return "loop " + found.detail;
      case policy::Expansion::Fault::TooMany:
        return "too many";
      case policy::Expansion::Fault::Broken:
        return "broken " + found.at;
      case policy::Expansion::Fault::None:
        break;
    }
    std::string out;
    for (const policy::Leaf& leaf : found.leaves) {
      out += (out.empty() ? "" : " ") + leaf.address.text();
      if (!leaf.moved.empty()) out += "=>" + leaf.moved;
      if (!leaf.owner.empty()) out += "(" + leaf.owner.text() + ")";
    }
    return out;
  }
};

}  // namespace

TEST_CASE("an address without an alias leads to itself", "[policy][aliases]") {
  Place place;
  CHECK(place.leads("Bob@example.com") == "Bob@example.com");
  CHECK(place.leads("x@elsewhere.example") == "x@elsewhere.example");
}

TEST_CASE("virtual(5): the whole address, the name in our domains, the domain",
          "[policy][aliases]") {
  Place place;
  place.tables.virtuals = {{"info@alias.example", "bob, x@elsewhere.example"},
                           {"@alias.example", "all@hosted.example"},
                           {"root", "kim"},
                           {"@old.example", "@hosted.example"}};
  CHECK(place.leads("INFO@Alias.example") == "bob@example.com x@elsewhere.example");
  CHECK(place.leads("any@alias.example") == "all@hosted.example");
  CHECK(place.leads("root@example.com") == "kim@example.com");
  CHECK(place.leads("root@second.example") == "kim@example.com");
  CHECK(place.leads("root@hosted.example") == "root@hosted.example");
  CHECK(place.leads("carl@old.example") == "carl@hosted.example");
}

TEST_CASE("virtual(5) is recursive, ends at an identity and finds circles", "[policy][aliases]") {
  Place place;
  place.tables.virtuals = {{"a@alias.example", "b@alias.example, a2@x.example"},
                           {"b@alias.example", "bob@example.com"},
                           {"@alias.example", "kim@alias.example"},
                           {"p@alias.example", "q@alias.example"},
                           {"q@alias.example", "r@alias.example, ok@x.example"},
                           {"r@alias.example", "p@alias.example"}};
  CHECK(place.leads("a@alias.example") == "bob@example.com a2@x.example");
  CHECK(place.leads("who@alias.example") == "kim@alias.example");
  CHECK(place.leads("p@alias.example") ==
        "loop p@alias.example -> q@alias.example -> r@alias.example -> p@alias.example");
}

TEST_CASE("aliases(5) serve local names, and a name in its own list is the user",
          "[policy][aliases]") {
  Place place;
  place.tables.aliases = {{"root", "root, kim, x@elsewhere.example"},
                          {"postmaster", "root"},
                          {"eve", "\\eve, bob"},
                          {"a", "\\b"},
                          {"b", "a"},
                          {"one", "two"},
                          {"two", "one"}};
  CHECK(place.leads("root@example.com") == "root@example.com kim@example.com x@elsewhere.example");
  CHECK(place.leads("root@second.example") ==
        "root@second.example kim@example.com x@elsewhere.example");
  CHECK(place.leads("postmaster@example.com") ==
        "root@example.com kim@example.com x@elsewhere.example");
  CHECK(place.leads("root@hosted.example") == "root@hosted.example");
  CHECK(place.leads("eve@example.com") == "eve@example.com bob@example.com");
  CHECK(place.leads("b@example.com") == "b@example.com");
  CHECK(place.leads("one@example.com") ==
        "loop one@example.com -> two@example.com -> one@example.com");
}

TEST_CASE("names in aliases(5) are users of this host, also where $myorigin is not",
          "[policy][aliases]") {
  Place place;
  place.settings.myorigin = "elsewhere.example";
  place.tables.aliases = {{"postmaster", "root"}};
  CHECK(place.leads("postmaster@second.example") == "root@second.example");
}

TEST_CASE("virtual(5) and aliases(5) lead to each other", "[policy][aliases]") {
  Place place;
  place.tables.virtuals = {{"info@alias.example", "staff"}, {"kim@example.com", "kim@new.example"}};
  place.tables.aliases = {{"staff", "kim, eve"}, {"info", "info@example.com"}};
  CHECK(place.leads("info@alias.example") == "kim@new.example eve@example.com");
  CHECK(place.leads("info@example.com") == "info@example.com");
  place.tables.aliases["eve"] = "info@alias.example";
  CHECK(place.leads("staff@example.com").starts_with("loop "));
}

TEST_CASE("an extension is tried first and handed on where that is asked for",
          "[policy][aliases]") {
  Place place;
  place.tables.virtuals = {{"bob@alias.example", "bob@hosted.example"},
                           {"bob+work@alias.example", "office@hosted.example"}};
  place.tables.aliases = {{"kim", "kim@elsewhere.example"}};
  CHECK(place.leads("bob+x@alias.example") == "bob+x@hosted.example");
  CHECK(place.leads("bob+work@alias.example") == "office@hosted.example");
  CHECK(place.leads("kim+x@example.com") == "kim@elsewhere.example");
  place.settings.propagate_virtual = false;
  place.settings.propagate_alias = true;
  CHECK(place.leads("bob+x@alias.example") == "bob@hosted.example");
  CHECK(place.leads("kim+x@example.com") == "kim+x@elsewhere.example");
  place.settings.delimiters.clear();
  CHECK(place.leads("kim+x@example.com") == "kim+x@example.com");
}

TEST_CASE("a member that is a domain has the name, and the extension once", "[policy][aliases]") {
  Place place;
  place.tables.virtuals = {{"bob@alias.example", "@hosted.example"},
                           {"@whole.example", "@hosted.example"}};
  CHECK(place.leads("bob+x@alias.example") == "bob+x@hosted.example");
  CHECK(place.leads("kim+x@whole.example") == "kim+x@hosted.example");
  place.settings.propagate_virtual = false;
  CHECK(place.leads("bob+x@alias.example") == "bob@hosted.example");
  CHECK(place.leads("kim+x@whole.example") == "kim+x@hosted.example");
  // A list in a file is for whoever the alias is for.
  place.tables.aliases = {{"eve", ":include:/list"}};
  place.tables.includes = {{"/list", "@elsewhere.example"}};
  CHECK(place.leads("eve+x@example.com") == "eve@elsewhere.example");
  place.settings.propagate_alias = true;
  CHECK(place.leads("eve+x@example.com") == "eve@elsewhere.example");
  place.settings.propagate_include = true;
  CHECK(place.leads("eve+x@example.com") == "eve+x@elsewhere.example");
}

TEST_CASE("extensions that grow at each step lead to an end", "[policy][aliases]") {
  Place place;
  place.tables.virtuals = {{"a@alias.example", "b+long-extension@alias.example"},
                           {"b@alias.example", "a+long-extension@alias.example"}};
  CHECK(place.whole("a@alias.example").detail == "an address longer than 256 octets");
  // Two ways at each of 40 steps, all of them new addresses, to one user.
  for (int n = 0; n < 40; ++n) {
    const std::string next = "n" + std::to_string(n + 1);
    place.tables.virtuals["n" + std::to_string(n) + "@alias.example"] =
        next + "+x@alias.example, " + next + "+y@alias.example";
  }
  place.tables.virtuals["n40@alias.example"] = "bob@example.com";
  place.tables.virtuals["bob@example.com"] = "kim@example.com";
  place.settings.propagate_alias = false;
  place.tables.aliases["kim"] = "eve@elsewhere.example";
  CHECK(place.leads("n0@alias.example") == "too many");
  CHECK(place.leads("n38@alias.example") == "eve@elsewhere.example");
}

TEST_CASE("delimiters are a set, and some names are never split", "[policy][aliases]") {
  const auto split = [](std::string_view local) {
    const auto found = policy::split_extension(local, "+-");
    return found ? std::string(found->user) + "/" + std::string(found->extension) : "whole";
  };
  CHECK(split("user+a-b") == "user/a-b");
  CHECK(split("user-a+b") == "user/a+b");
  CHECK(split("user+") == "user/");
  CHECK(split("+user") == "whole");
  CHECK(split("user") == "whole");
  CHECK(split("owner-list") == "whole");
  CHECK(split("list-request") == "whole");
  CHECK(split("MAILER-DAEMON") == "whole");
  CHECK(policy::split_extension("", "+") == std::nullopt);
}

TEST_CASE("a list has its members in a file, and an owner for what goes out", "[policy][aliases]") {
  Place place;
  place.tables.aliases = {
      {"list", ":include:/list"}, {"owner-list", "kim"}, {"bad", ":include:/no"}};
  place.tables.includes = {{"/list", "bob\nx@elsewhere.example"}};
  CHECK(place.leads("list@example.com") ==
        "bob@example.com(owner-list@example.com) x@elsewhere.example(owner-list@example.com)");
  place.settings.expand_owner_alias = true;
  CHECK(place.leads("list@example.com").ends_with("x@elsewhere.example(kim@example.com)"));
  CHECK(place.leads("bad@example.com") == "broken bad@example.com");
}

TEST_CASE("who has moved is told instead of looked up further", "[policy][aliases]") {
  Place place;
  place.tables.moved = {{"bob@example.com", "bob@new.example"}, {"@hosted.example", "elsewhere"}};
  place.tables.aliases = {{"bob", "kim"}};
  CHECK(place.leads("bob@example.com") == "bob@example.com=>bob@new.example");
  CHECK(place.leads("any@hosted.example") == "any@hosted.example=>elsewhere");
}

TEST_CASE("what leads to too many, or cannot be understood, is told", "[policy][aliases]") {
  Place place;
  place.settings.most = 3;
  place.tables.aliases = {{"few", "a, b, c, a"}, {"many", "a, b, c, d"}, {"cmd", "|x"}};
  CHECK(place.whole("few@example.com").leaves.size() == 3);
  CHECK(place.leads("many@example.com") == "too many");
  CHECK(place.leads("cmd@example.com") == "broken cmd@example.com");
  place.settings.deepest = 10;
  for (int i = 0; i < 20; ++i) {
    place.tables.aliases["n" + std::to_string(i)] = "n" + std::to_string(i + 1);
  }
  CHECK(place.leads("n0@example.com") == "too many");
  CHECK(place.leads("n12@example.com") == "n20@example.com");
}

TEST_CASE("what many calls follow once is counted for each of them", "[policy][aliases]") {
  Place place;
  std::string first, second;
  for (int n = 0; n < 600; ++n) {
    first += "a" + std::to_string(n) + "@x.test,";
    second += (n < 300 ? "a" : "b") + std::to_string(n) + "@x.test,";
  }
  place.tables.virtuals["one@example.com"] = first;
  place.tables.virtuals["two@example.com"] = second;
  place.tables.virtuals["both@example.com"] = "one@example.com, two@example.com";
  place.tables.virtuals["same@example.com"] = "one@example.com, uno@example.com";
  place.tables.virtuals["uno@example.com"] = "one@example.com";
  place.settings.most = 900;
  policy::Expander expander(place.tables, place.settings);
  expander.remember();
  const auto fault = [&expander](const std::string& local) {
    const auto out = expander.expand({local, "example.com"});
    REQUIRE(out);
    return out->fault;
  };
  using Fault = policy::Expansion::Fault;
  CHECK(fault("one") == Fault::None);
  CHECK(fault("two") == Fault::None);
  CHECK(fault("both") == Fault::None);  // 900 of them, some by both.
  place.settings.most = 899;
  CHECK(fault("both") == Fault::TooMany);
  place.tables.virtuals["more@example.com"] = "both@example.com";
  CHECK(fault("more") == Fault::TooMany);
  CHECK(fault("same") == Fault::None);
  // Each step doubles the ways to the same 600; 2^64 of them are not none.
  place.tables.virtuals["w0@example.com"] = "one@example.com";
  for (int n = 1; n <= 70; ++n) {
    const std::string before = "w" + std::to_string(n - 1) + "@example.com";
    place.tables.virtuals["w" + std::to_string(n) + "@example.com"] =
        "l" + std::to_string(n) + "@example.com, r" + std::to_string(n) + "@example.com";
    for (const char* side : {"l", "r"}) {
      place.tables.virtuals[side + std::to_string(n) + "@example.com"] = before;
    }
    CHECK(fault("w" + std::to_string(n)) == Fault::None);
  }
  place.tables.virtuals["top@example.com"] = "w70@example.com, two@example.com";
  CHECK(fault("top") == Fault::TooMany);
  place.settings.deepest = 3;
  for (int n = 0; n < 5; ++n) {
    place.tables.virtuals["n" + std::to_string(n) + "@example.com"] =
        n == 0 ? "end@x.test" : "n" + std::to_string(n - 1) + "@example.com";
  }
  for (int n = 0; n < 3; ++n) CHECK(fault("n" + std::to_string(n)) == Fault::None);
  CHECK(fault("n3") == Fault::TooMany);
}

TEST_CASE("a table that cannot say is an error, not a missing alias", "[policy][aliases]") {
  Place place;
  place.tables.broken = true;
  policy::Expander expander(place.tables, place.settings);
  CHECK_FALSE(expander.expand({"a", "example.com"}));
}
