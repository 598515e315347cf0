// SPDX-License-Identifier: Apache-2.0
// tests: the queue in mailq's columns and as postqueue -j.
#include "control/queue_list.h"

#include <catch2/catch_test_macros.hpp>

#include "snapshots.h"

using namespace gatepost;
using namespace gatepost::control;
using test::destination;
using test::item;

TEST_CASE("an empty queue is said to be empty, and has no JSON lines", "[control]") {
  CHECK(format_queue({}, std::chrono::seconds{0}) == "Mail queue is empty\n");
  CHECK(format_queue_json({}).empty());
}

TEST_CASE("the queue is listed in mailq's columns with local time", "[control]") {
  auto first = item("4A1B2C3D4E", 1234);
  first.destinations.push_back(destination("two"));
  auto second = item("4A1B2C3D4F", 4000);
  second.sender = {};
  CHECK(format_queue({first, second}, std::chrono::hours{1}) ==
        "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n"
        "4A1B2C3D4E      1234 Sat Nov 21 06:40:07  s@y.example\n"
        "                                          one@x.example\n"
        "                                          two@x.example\n"
        "\n"
        "4A1B2C3D4F      4000 Sat Nov 21 06:40:07  MAILER-DAEMON\n"
        "                                          one@x.example\n"
        "\n"
        "-- 5 Kbytes in 2 Requests.\n");
}

TEST_CASE("a reason is told once above its recipients, and served recipients are left out",
          "[control]") {
  auto one = item("4A1B2C3D4E", 1234);
  one.destinations[0].reason = "connect to x.example: Connection refused\x1b";
  one.destinations.push_back(destination("two", one.destinations[0].reason));
  one.destinations.push_back(destination("done", "", queue::State::Delivered));
  CHECK(format_queue({one}, std::chrono::seconds{0}) ==
        "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n"
        "4A1B2C3D4E      1234 Sat Nov 21 05:40:07  s@y.example\n"
        "                                 (connect to x.example: Connection refused?)\n"
        "                                          one@x.example\n"
        "                                          two@x.example\n"
        "\n"
        "-- 1 Kbytes in 1 Request.\n");
}

TEST_CASE("JSON has one object a line with the members of postqueue -j", "[control]") {
  auto tried = item("4A1B", 1234);
  tried.sender = {};
  tried.destinations[0].reason = "said \"no\"";
  tried.destinations.push_back(destination("done", "", queue::State::Failed));
  CHECK(format_queue_json({item("4A1A", 1), tried}) ==
        "{\"queue_name\":\"incoming\",\"queue_id\":\"4A1A\",\"arrival_time\":1795239607,"
        "\"message_size\":1,\"forced_expire\":false,\"sender\":\"s@y.example\",\"recipients\":[{"
        "\"address\":\"one@x.example\"}]}\n"
        "{\"queue_name\":\"deferred\",\"queue_id\":\"4A1B\",\"arrival_time\":1795239607,"
        "\"message_size\":1234,\"forced_expire\":false,\"sender\":\"MAILER-DAEMON\","
        "\"recipients\":[{\"address\":\"one@x.example\",\"delay_reason\":\"said \\\"no\\\"\"}]}\n");
}

TEST_CASE("what is on hold has an exclamation mark, as in mailq", "[control]") {
  auto held = item("4A1B2C3D4E", 1234);
  held.hold = true;
  CHECK(format_queue({held}, std::chrono::seconds{0}).find("\n4A1B2C3D4E!     1234 ") !=
        std::string::npos);
  CHECK(format_queue_json({held}).starts_with("{\"queue_name\":\"hold\","));
}
