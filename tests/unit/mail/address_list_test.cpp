// SPDX-License-Identifier: Apache-2.0
// unit: addresses in header fields.
#include "mail/address_list.h"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost::mail;

namespace {

std::vector<std::string> texts(std::string_view value) {
  std::vector<std::string> out;
  for (const ListedAddress& one : parse_address_list(value).addresses) {
    out.push_back(one.mailbox.text());
  }
  return out;
}
std::vector<std::string> faults(std::string_view value) {
  return parse_address_list(value).faults;
}
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a bracket that only closes is a fault, and is passed", "[mail][address_list]") {
  for (const char* text : {"a)", ")", "a], b", "]", "<a)>", "a (b)) c"}) {
    CHECK_FALSE(parse_address_list(text).faults.empty());
  }
}

TEST_CASE("addresses are found in every form RFC 5322 gives them", "[mail]") {
  CHECK(texts(" a@x.example, b ,, c@y.example\n") == Texts{"a@x.example", "b", "c@y.example"});
  CHECK(texts("\"Doe, Jo\" <jo@x.example>, Jo Doe <doe@x.example>") ==
        Texts{"jo@x.example", "doe@x.example"});
  CHECK(texts("jo@x.example (Jo (the) \\) Doe, and more)") == Texts{"jo@x.example"});
  CHECK(texts("Friends: a@x.example, b@x.example; c@x.example") ==
        Texts{"a@x.example", "b@x.example", "c@x.example"});
  CHECK(texts("undisclosed-recipients:;").empty());
  CHECK(texts("<@hop.example,@hop2.example:jo@x.example>") == Texts{"jo@x.example"});
  CHECK(texts("\"jo doe\"@x.example") == Texts{"\"jo doe\"@x.example"});
  CHECK(texts("jo . doe @ x . example") == Texts{"jo.doe@x.example"});
  CHECK(texts("jo@[192.0.2.1]") == Texts{"jo@[192.0.2.1]"});
  CHECK(texts("a@x.example,\n b@x.example,\n\tc@x.example") ==
        Texts{"a@x.example", "b@x.example", "c@x.example"});
  CHECK(texts("j\xC3\xB6rg@b\xC3\xBC.example") == Texts{"j\xC3\xB6rg@b\xC3\xBC.example"});
  CHECK(texts("").empty());
}

TEST_CASE("what is no address is shown and not sent to", "[mail]") {
  CHECK(faults("two words, ok") == Texts{"two words"});
  CHECK(faults("a@, <>, @x.example") == Texts{"a@", "<>", "@x.example"});
  CHECK(faults("<a@x.example").size() == 1);
  CHECK(faults("\"open").size() == 1);
  CHECK(faults("(open").size() == 1);
  CHECK(faults("<a@x.example> b@x.example").size() == 1);
  CHECK(faults("a@b@c.example").size() == 1);
  CHECK(faults(std::string(65, 'a') + "@x.example").size() == 1);
  CHECK(faults("a@x..example").size() == 1);
  CHECK(faults("[x").size() == 1);
  CHECK(faults(">").size() == 1);
}

TEST_CASE("the place for a domain is behind the local part", "[mail]") {
  const auto list = parse_address_list(" Jo <jo>, \"q d\" (c)");
  REQUIRE(list.addresses.size() == 2);
  CHECK(list.addresses[0].local_end == 7);
  CHECK(list.addresses[1].local_end == 15);
}
