// SPDX-License-Identifier: Apache-2.0
// unit: networks in order.
#include "spf/network_set.h"

#include <initializer_list>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "base/text.h"

using namespace gatepost;
using spf::NetworkSet;

namespace {

/// Words "NETWORK@SOURCE"; a network may have host bits.
NetworkSet made_of(std::string_view words) {
  NetworkSet out;
  for (const std::string_view word : split(words, " ")) {
    const std::size_t at = word.find('@');
    const std::size_t slash = word.find('/');
    const auto address = IpAddress::parse(word.substr(0, std::min(at, slash))).value();
    const auto prefix = parse_number(word.substr(slash + 1, at - slash - 1)).value();
    out.add({address, static_cast<unsigned>(prefix)},
            out.add_source(std::string(word.substr(at + 1))));
  }
  out.settle();
  return out;
}

std::string text(const NetworkSet& set) {
  std::string out;
  for (const auto& one : set.networks()) {
    out += spf::format_network(one.network) + '@' + set.sources()[one.source] + ' ';
  }
  return out;
}

std::string source(const NetworkSet& set, std::string_view address) {
  const auto* found = set.find(IpAddress::parse(address).value());
  return found == nullptr ? "" : set.sources()[found->source];
}

}  // namespace

TEST_CASE("what lies within another network is gone", "[spf][network_set]") {
  CHECK(text(made_of("10.1.2.0/24@a 10.0.0.0/8@b 10.1.2.3/32@a 10.0.0.0/8@a")) == "10.0.0.0/8@b ");
}

TEST_CASE("two halves of one source are one network, and so on", "[spf][network_set]") {
  CHECK(text(made_of("10.0.3.0/24@a 10.0.0.0/24@a 10.0.2.0/24@a 10.0.1.0/24@a 10.0.4.0/24@a")) ==
        "10.0.0.0/22@a 10.0.4.0/24@a ");
  CHECK(text(made_of("10.0.0.0/24@a 10.0.1.0/24@b")) == "10.0.0.0/24@a 10.0.1.0/24@b ");
  // Neighbours, but of two different networks.
  CHECK(text(made_of("10.0.1.0/24@a 10.0.2.0/24@a")) == "10.0.1.0/24@a 10.0.2.0/24@a ");
  CHECK(text(made_of("0.0.0.0/1@a 128.0.0.0/1@a ::/1@a 8000::/1@a")) == "0.0.0.0/0@a ::/0@a ");
}

TEST_CASE("families are apart, IPv4 first", "[spf][network_set]") {
  CHECK(text(made_of("::/128@a 255.255.255.255/32@a 2001:db8::/32@b")) ==
        "255.255.255.255@a ::@a 2001:db8::/32@b ");
}

TEST_CASE("an address is found with its source", "[spf][network_set]") {
  const NetworkSet set =
      made_of("192.0.2.0/25@a 192.0.2.192/26@b 198.51.100.7/32@c 2001:db8::/32@d");
  CHECK(source(set, "192.0.2.0") == "a");
  CHECK(source(set, "192.0.2.127") == "a");
  CHECK(source(set, "192.0.2.128").empty());
  CHECK(source(set, "192.0.2.255") == "b");
  CHECK(source(set, "198.51.100.7") == "c");
  CHECK(source(set, "198.51.100.8").empty());
  CHECK(source(set, "2001:db8:ffff::1") == "d");
  CHECK(source(set, "2001:db9::").empty());
  CHECK(source(set, "0.0.0.0").empty());
  CHECK(source(NetworkSet(), "192.0.2.0").empty());
}

TEST_CASE("host bits stay in the text and do not count", "[spf][network_set]") {
  const NetworkSet set = made_of("192.0.2.77/24@a 192.0.2.5/32@a");
  CHECK(text(set) == "192.0.2.77/24@a ");
  CHECK(source(set, "192.0.2.1") == "a");
}
