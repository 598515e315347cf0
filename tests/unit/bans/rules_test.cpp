// SPDX-License-Identifier: Apache-2.0
// bans: the weights of offences as they are written, and bans as nft reads them.
#include "bans/rules.h"

#include <array>

#include <catch2/catch_test_macros.hpp>

#include "bans/firewall.h"

namespace gatepost::bans {
namespace {

TEST_CASE("weights have two decimals at most, and what is not named does not count", "[bans]") {
  const auto rules = Rules::parse("auth=1, unknown_user=0.5 TRAP=5,dnsbl=0.25");
  REQUIRE(rules);
  CHECK(rules->of(Offence::Auth) == 100);
  CHECK(rules->of(Offence::UnknownUser) == 50);
  CHECK(rules->of(Offence::Trap) == 500);
  CHECK(rules->of(Offence::Dnsbl) == 25);
  CHECK(rules->of(Offence::Pregreet) == 0);
  CHECK(*Rules::parse("") == Rules{});
  CHECK(Rules::parse("auth=100"));
  for (const char* wrong : {"auth", "auth=", "auth=x", "auth=1.", "auth=.5", "auth=0.123",
                            "auth=-1", "auth=101", "auth=100.01", "nobody=1", "=1", "auth=1=1"}) {
    INFO(wrong);
    CHECK_FALSE(Rules::parse(wrong));
  }
}

TEST_CASE("a weight is shown as it is written", "[bans]") {
  CHECK(format_weight(500) == "5");
  CHECK(format_weight(50) == "0.5");
  CHECK(format_weight(25) == "0.25");
  CHECK(format_weight(5) == "0.05");
  CHECK(format_weight(0) == "0");
}

TEST_CASE("a set of nft is named by family, table and set, and by nothing that nft would obey",
          "[bans]") {
  const auto firewall = Firewall::parse("nft:inet filter gatepost_ban");
  REQUIRE(firewall);
  CHECK(firewall->family == "inet");
  CHECK(firewall->table == "filter");
  CHECK(firewall->set == "gatepost_ban");
  CHECK_FALSE(Firewall::parse("")->is_set());
  for (const char* wrong :
       {"inet filter x", "nft:", "nft:inet filter", "nft:inet filter a b", "nft:other filter a",
        "nft:inet fil;ter a", "nft:inet filter a{", "nft:inet filter 1a"}) {
    INFO(wrong);
    CHECK_FALSE(Firewall::parse(wrong));
  }
}

TEST_CASE("bans in force are elements of the set of their family, with the time that is left",
          "[bans]") {
  const auto firewall = Firewall::parse("nft:inet filter gatepost_ban");
  const std::array bans{
      Ban{*Network::parse("192.0.2.7"), 1000, 1600, 1, false, "x"},
      Ban{*Network::parse("198.51.100.0/24"), 1000, Ban::kForever, 1, true, "x"},
      Ban{*Network::parse("192.0.2.8"), 100, 200, 1, false, "over"},
      Ban{*Network::parse("2001:db8::/64"), 1000, 2000, 1, false, "x"},
  };
  CHECK(format_nft(*firewall, bans, 1100) ==
        "add table inet filter\n"
        "add set inet filter gatepost_ban { type ipv4_addr; flags interval, timeout; }\n"
        "flush set inet filter gatepost_ban\n"
        "add element inet filter gatepost_ban {\n"
        "  192.0.2.7/32 timeout 500s,\n"
        "  198.51.100.0/24\n"
        "}\n"
        "add set inet filter gatepost_ban_6 { type ipv6_addr; flags interval, timeout; }\n"
        "flush set inet filter gatepost_ban_6\n"
        "add element inet filter gatepost_ban_6 {\n"
        "  2001:db8::/64 timeout 900s\n"
        "}\n");
}

TEST_CASE("a ban inside of a wider one in force is no element of its own", "[bans]") {
  const auto firewall = Firewall::parse("nft:inet filter gatepost_ban");
  const std::array bans{
      Ban{*Network::parse("192.0.2.0/24"), 1000, 1600, 1, false, "x"},
      Ban{*Network::parse("198.51.100.0/24"), 100, 200, 1, false, "over"},
      Ban{*Network::parse("192.0.2.0/32"), 1000, 1700, 1, false, "x"},
      Ban{*Network::parse("192.0.2.255/32"), 1000, 1700, 1, false, "x"},
      Ban{*Network::parse("192.0.3.0/32"), 1000, 1700, 1, false, "x"},
      Ban{*Network::parse("198.51.100.7/32"), 1000, 1700, 1, false, "x"},
  };
  const std::string text = format_nft(*firewall, bans, 1100);
  CHECK(Firewall::of_script(text) == *firewall);
  CHECK_FALSE(Firewall::of_script("add set x y; z").is_set());
  CHECK_FALSE(Firewall::of_script("").is_set());
  CHECK(text.find("{\n"
                  "  192.0.2.0/24 timeout 500s,\n"
                  "  192.0.3.0/32 timeout 600s,\n"
                  "  198.51.100.7/32 timeout 600s\n"
                  "}\n") != text.npos);
}

}  // namespace
}  // namespace gatepost::bans
