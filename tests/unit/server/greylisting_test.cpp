// SPDX-License-Identifier: Apache-2.0
// server: what greylisting tells a client and its message, and the names of pools.
#include "server/greylisting.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::server;

TEST_CASE("hosts of one sender have their name above the first label", "[server][greylist]") {
  CHECK(pool_of("mail-a1.google.example") == "google.example");
  CHECK(pool_of("a.b.c.example") == "b.c.example");
  // What is left would be nobody's own.
  CHECK(pool_of("shop.example") == "shop.example");
  CHECK(pool_of("unknown") == "");
}
