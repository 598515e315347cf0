// SPDX-License-Identifier: Apache-2.0
// unit: replies on the wire.
#include "smtp/replies.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost::smtp;

namespace {

std::string wire(const Reply& reply) {
  std::string out;
  append_reply(out, reply);
  return out;
}

}  // namespace

TEST_CASE("a reply has code, enhanced code and text", "[smtp][replies]") {
  CHECK(wire({250, "2.1.5", "Ok"}) == "250 2.1.5 Ok\r\n");
  CHECK(wire({354, "", "go"}) == "354 go\r\n");
  CHECK(wire({250, "", ""}) == "250 \r\n");
}

TEST_CASE("every line of a reply carries the codes", "[smtp][replies]") {
  CHECK(wire({550, "5.7.1", "one\ntwo\n"}) == "550-5.7.1 one\r\n550-5.7.1 two\r\n550 5.7.1 \r\n");
}

TEST_CASE("the class of the enhanced code is that of the reply", "[smtp][replies]") {
  CHECK(wire({450, "5.1.1", "later"}) == "450 4.1.1 later\r\n");
}

TEST_CASE("peer text in a reply can neither end a line nor leave ASCII unasked",
          "[smtp][replies]") {
  CHECK(wire({501, "5.5.4", "a\rb\tc\x1b\x7f"}) == "501 5.5.4 a b c  \r\n");
  CHECK(wire({501, "5.5.4", "\xc3\xa4"}) == "501 5.5.4 \xc3\xa4\r\n");
  CHECK(wire({501, "5.5.4",
              "\xff"
              "a"}) == "501 5.5.4 ?a\r\n");
  CHECK(wire({501, "5.5.4", std::string("a\0b", 3)}) == "501 5.5.4 a b\r\n");
}

TEST_CASE("a line is cut at 512 octets, between characters", "[smtp][replies]") {
  CHECK(wire({250, "2.0.0", std::string(1000, 'x')}).size() == 512);
  std::string text;
  while (text.size() < 1000) text += "\xc3\xa4";
  const std::string line = wire({250, "2.0.0", text});
  CHECK(line.size() == 512);
  CHECK(wire({250, "2.0.0", "x" + text}).size() == 511);
}

TEST_CASE("a row takes its detail before or after its text", "[smtp][replies]") {
  CHECK(make_reply(replies::kTimeout, "mx.example.com") ==
        Reply{421, "4.4.2", "mx.example.com Error: timeout exceeded"});
  CHECK(make_reply(replies::kUnsupported, "X=1") == Reply{555, "5.5.4", "Unsupported option: X=1"});
  CHECK(make_reply(replies::kOk, "ignored") == Reply{250, "2.0.0", "Ok"});
}

TEST_CASE("a reply in the log is one line", "[smtp][replies]") {
  CHECK(format_reply({550, "5.7.1", "one\ntwo"}) == "550 5.7.1 one two");
}
