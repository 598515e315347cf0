// SPDX-License-Identifier: Apache-2.0
// tests: limits, and the file Maildir++ keeps a mailbox's size in.
#include "mail/quota.h"

#include <catch2/catch_test_macros.hpp>

namespace gatepost::mail {

TEST_CASE("a message fits when what there is and itself do not pass a limit", "[mail][quota]") {
  CHECK(fits({}, {}, ~0ULL));
  CHECK(fits({90, 1}, {100, 0}, 10));
  CHECK_FALSE(fits({90, 1}, {100, 0}, 11));
  CHECK_FALSE(fits({200, 1}, {100, 0}, 0));
  CHECK(fits({0, 9}, {0, 10}, 1));
  CHECK_FALSE(fits({0, 10}, {0, 10}, 1));
  CHECK_FALSE(fits({1, 0}, {100, 0}, ~0ULL));
}

TEST_CASE("a share of a limit is reached by octets or by messages", "[mail][quota]") {
  CHECK(reaches({90, 0}, {100, 0}, 90));
  CHECK_FALSE(reaches({89, 0}, {100, 0}, 90));
  CHECK(reaches({0, 9}, {100, 10}, 90));
  CHECK_FALSE(reaches({1000, 1000}, {}, 90));
  CHECK(reaches({~0ULL, 0}, {~0ULL, 0}, 100));
}

TEST_CASE("maildirsize is the sum of its lines", "[mail][quota]") {
  const auto size = parse_maildirsize("1000S,10C\n100 2\n-40 -1\n 5   1 \n");
  REQUIRE(size);
  CHECK(size->limits == QuotaLimits{1000, 10});
  CHECK(size->use == QuotaUse{65, 2});
  CHECK(parse_maildirsize("\n0 0\n")->limits == QuotaLimits{});
  CHECK(parse_maildirsize("7C\n0 0\n")->limits == QuotaLimits{0, 7});
  CHECK(parse_maildirsize("1S,2X,3C\n1 1\n")->limits == QuotaLimits{1, 3});
}

TEST_CASE("a maildirsize that cannot be trusted is no maildirsize", "[mail][quota]") {
  for (const char* text :
       {"", "1000S", "1000S\n", "1000S\n1", "1000S\n1 1", "1000S\n1 x\n", "x\n1 1\n",
        "1000S\n-1 0\n", "1000S\n1 -1\n", "1000S 1 1\n", "1000S\n9223372036854775807 1\n1 1\n",
        "1000S\n99999999999999999999 1\n", "1000S,\n1 1\n"}) {
    INFO(text);
    CHECK_FALSE(parse_maildirsize(text));
  }
  std::string big("1S\n");
  while (big.size() < kMostMaildirSize) big += "1 1\n";
  CHECK_FALSE(parse_maildirsize(big));
}

TEST_CASE("what is written is read back", "[mail][quota]") {
  for (const QuotaLimits& limits :
       {QuotaLimits{5, 6}, QuotaLimits{5, 0}, QuotaLimits{0, 6}, QuotaLimits{}}) {
    const auto size = parse_maildirsize(format_maildirsize({limits, {7, 8}}));
    REQUIRE(size);
    CHECK(size->limits == limits);
    CHECK(size->use == QuotaUse{7, 8});
  }
  CHECK(format_maildirsize({{5, 6}, {7, 8}}) == "5S,6C\n7 8\n");
}

TEST_CASE("a size in a name counts where Dovecot would take it", "[mail][quota]") {
  CHECK(size_in_name("1.M2P3Q4.host,S=12,W=13:2,S") == 12);
  CHECK(size_in_name("1.M2P3Q4.host,S=12:2,S") == 12);
  CHECK(size_in_name("1.M2P3Q4.host,S=12") == 12);
  CHECK_FALSE(size_in_name("1.M2P3Q4.host"));
  CHECK_FALSE(size_in_name("1.M2P3Q4.host,S=12x"));
  CHECK_FALSE(size_in_name("1.M2P3Q4.host,S="));
  CHECK_FALSE(size_in_name("1,S=99999999999999999999999"));
}

}  // namespace gatepost::mail
