// SPDX-License-Identifier: Apache-2.0
// tests: the numbers that events add up to.
#include "log/counters.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost::log;

TEST_CASE("labels past the bound of a family are counted together", "[log]") {
  Counters counters;
  for (int i = 0; i < 100; ++i) counters.add(Family::Rejects, std::to_string(i), "550");
  const auto& series = counters.series(Family::Rejects);
  REQUIRE(series.size() == 65);
  CHECK(series.back().first == "other");
  CHECK(series.back().second == "other");
  CHECK(series.back().value == 36);
  CHECK(counters.total(Family::Rejects) == 100);
  counters.add(Family::Rejects, "7", "550");
  CHECK(counters.total(Family::Rejects, "7") == 2);
}

TEST_CASE("a value on a bound belongs to the bucket below it", "[log]") {
  Counters counters;
  counters.add_size(1024);
  counters.add_size(0);
  counters.add_size(1025);
  CHECK(counters.sizes().buckets[0] == 2);
  CHECK(counters.sizes().buckets[1] == 1);
}
