// SPDX-License-Identifier: Apache-2.0
// tests: numbers and times as a person reads them.
#include "control/human.h"

#include <catch2/catch_test_macros.hpp>

#include "snapshots.h"

using namespace gatepost::control;
using std::chrono::seconds;

TEST_CASE("sizes have a fitting unit and tenths only below ten", "[control]") {
  CHECK(format_size(0) == "0 B");
  CHECK(format_size(1023) == "1023 B");
  CHECK(format_size(1024) == "1.0 KiB");
  CHECK(format_size(10239) == "9.9 KiB");
  CHECK(format_size(10240) == "10 KiB");
  CHECK(format_size(1024 * 1024 - 1) == "1023 KiB");
  CHECK(format_size(1024 * 1024) == "1.0 MiB");
  CHECK(format_size(1536ULL * 1024 * 1024) == "1.5 GiB");
  CHECK(format_size(~0ULL) == "16383 PiB");
}

TEST_CASE("spans name their two largest units", "[control]") {
  CHECK(format_span(seconds{-1}) == "0 s");
  CHECK(format_span(seconds{59}) == "59 s");
  CHECK(format_span(seconds{60}) == "1 min");
  CHECK(format_span(seconds{3600}) == "1 h 0 min");
  CHECK(format_span(seconds{86399}) == "23 h 59 min");
  CHECK(format_span(seconds{90000}) == "1 d 1 h");
}

TEST_CASE("times are local for people and UTC for programs", "[control]") {
  CHECK(format_local(test::kNow, seconds{-6 * 3600}) == "2026-11-20 23:40:07");
  CHECK(format_utc(test::kNow) == "2026-11-21T05:40:07Z");
  CHECK(format_arrival(test::kNow - std::chrono::days{14}, seconds{0}) == "Sat Nov  7 05:40:07");
}

TEST_CASE("one is not many", "[control]") {
  CHECK(format_count(0, "message", "messages") == "0 messages");
  CHECK(format_count(1, "message", "messages") == "1 message");
}
