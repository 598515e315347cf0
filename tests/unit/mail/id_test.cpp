// SPDX-License-Identifier: Apache-2.0
// unit: queue ids.
#include "mail/id.h"

#include <chrono>
#include <set>
#include <string>

#include <catch2/catch_test_macros.hpp>

using gatepost::Moment;
using gatepost::mail::IdMaker;

TEST_CASE("an id is microseconds and seconds in upper case hexadecimal", "[mail][id]") {
  IdMaker maker;
  CHECK(maker.next(Moment{} + std::chrono::microseconds(0x692012ABLL * 1'000'000 + 0xABCDE)) ==
        "ABCDE692012AB");
}

TEST_CASE("no id comes twice, whatever the clock does", "[mail][id]") {
  const Moment now = Moment{} + std::chrono::seconds(1'795'239'600);
  IdMaker maker;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(maker.next(now));
  for (int i = 0; i < 1000; ++i) seen.insert(maker.next(now - std::chrono::hours(1)));
  CHECK(seen.size() == 2000);
  IdMaker restarted(maker.last());
  CHECK(seen.insert(restarted.next(now)).second);
}
