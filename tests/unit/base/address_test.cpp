// SPDX-License-Identifier: Apache-2.0
// base: addresses, networks, endpoints.
#include "base/address.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;

TEST_CASE("an address has one spelling", "[base]") {
  CHECK(IpAddress::parse("192.0.2.1")->text() == "192.0.2.1");
  CHECK(IpAddress::parse("2001:DB8:0:0::1")->text() == "2001:db8::1");
  CHECK(IpAddress::parse("::ffff:192.0.2.1") == IpAddress::parse("192.0.2.1"));
  CHECK(IpAddress::parse("2001:db8::1")->literal() == "[IPv6:2001:db8::1]");
  CHECK(IpAddress::parse("192.0.2.1")->literal() == "[192.0.2.1]");
}

TEST_CASE("what is no address is refused", "[base]") {
  for (const char* text : {"", "192.0.2", "192.0.2.256", "192.0.2.1 ", "[::1]", "fe80::1%eth0",
                           "::ffff:192.0.2.1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1"}) {
    INFO(text);
    CHECK_FALSE(IpAddress::parse(text));
  }
  CHECK_FALSE(IpAddress::parse(std::string_view("127.0.0.1\0", 10)));
}

TEST_CASE("a network holds the addresses of its prefix", "[base]") {
  const auto network = Network::parse("192.0.2.0/25");
  REQUIRE(network);
  CHECK(network->contains(*IpAddress::parse("192.0.2.127")));
  CHECK_FALSE(network->contains(*IpAddress::parse("192.0.2.128")));
  CHECK_FALSE(network->contains(*IpAddress::parse("::1")));
  CHECK(Network::parse("0.0.0.0/0")->contains(*IpAddress::parse("255.255.255.255")));
  CHECK(Network::parse("[2001:db8::]/33")->contains(*IpAddress::parse("2001:db8:7fff::")));
  CHECK_FALSE(Network::parse("[2001:db8::]/33")->contains(*IpAddress::parse("2001:db8:8000::")));
  CHECK(Network::parse("192.0.2.7")->text() == "192.0.2.7/32");
}

TEST_CASE("a network with host bits or too long a prefix is refused", "[base]") {
  CHECK_FALSE(Network::parse("192.0.2.1/24"));
  CHECK_FALSE(Network::parse("192.0.2.0/33"));
  CHECK_FALSE(Network::parse("192.0.2.0/"));
  CHECK_FALSE(Network::parse("::/129"));
}

TEST_CASE("a network of mapped addresses is the IPv4 network it stands for", "[base]") {
  CHECK(Network::parse("[::ffff:127.0.0.0]/104")->text() == "127.0.0.0/8");
  CHECK(Network::parse("::ffff:192.0.2.1/128")->text() == "192.0.2.1/32");
  CHECK_FALSE(Network::parse("[::ffff:127.0.0.0]/8"));
  CHECK_FALSE(Network::parse("[::ffff:127.0.0.0]/129"));
}

TEST_CASE("loopback and unspecified are known in both families", "[base]") {
  CHECK(IpAddress::parse("127.8.9.1")->is_loopback());
  CHECK(IpAddress::parse("::1")->is_loopback());
  CHECK_FALSE(IpAddress::parse("::")->is_loopback());
  CHECK(IpAddress::parse("::")->is_unspecified());
  CHECK(IpAddress::parse("0.0.0.0")->is_unspecified());
}

TEST_CASE("an endpoint needs an address and a port", "[base]") {
  CHECK(Endpoint::parse("192.0.2.1:25")->port == 25);
  CHECK(Endpoint::parse("[::1]:2525")->text() == "[::1]:2525");
  CHECK_FALSE(Endpoint::parse("192.0.2.1"));
  CHECK_FALSE(Endpoint::parse("::1:25"));
  CHECK_FALSE(Endpoint::parse("192.0.2.1:65536"));
  CHECK_FALSE(Endpoint::parse(":25"));
}

TEST_CASE("addresses are asked for with the last label first", "[base]") {
  CHECK(IpAddress::parse("192.0.2.1")->reversed_labels() == "1.2.0.192");
  CHECK(IpAddress::parse("2001:db8::567:89ab")->reversed_labels() ==
        "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2");
}
