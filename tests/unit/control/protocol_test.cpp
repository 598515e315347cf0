// SPDX-License-Identifier: Apache-2.0
// tests: the request line and the answer's envelope.
#include "control/protocol.h"

#include <catch2/catch_test_macros.hpp>

#include "base/limits.h"

using namespace gatepost;
using namespace gatepost::control;

namespace {
std::string refusal_of(std::string_view line) {
  const auto request = parse_request(line);
  return request ? "(understood)" : request.error().detail;
}
}  // namespace

TEST_CASE("every verb is understood in any case, with and without json", "[control]") {
  for (const VerbRow& row : verb_rows()) {
    for (const bool json : {false, true}) {
      Request wanted{.verb = row.verb, .json = json};
      if (!row.arguments.empty()) wanted.words = {"A1", "B2"};
      const auto request = parse_request(format_request(wanted));
      REQUIRE(request);
      CHECK(*request == wanted);
    }
  }
  const auto request = parse_request("  STATUS\t Json \r\n");
  REQUIRE(request);
  CHECK(*request == Request{.verb = Verb::Status, .json = true});
}

TEST_CASE("an unknown verb is answered with the nearest one", "[control]") {
  CHECK(refusal_of("relaod") == "unknown verb relaod; did you mean: reload");
  CHECK(refusal_of("frobnicate") == "unknown verb frobnicate; try: help");
  CHECK(refusal_of("") == "a verb is needed; try: help");
  CHECK(refusal_of("\n") == "a verb is needed; try: help");
}

TEST_CASE("arguments nobody asked for are refused", "[control]") {
  CHECK(refusal_of("status please") == "status takes no argument but json, not please");
  CHECK(refusal_of("status json twice") == "status takes no argument but json, not twice");
}

TEST_CASE("a verb that needs arguments is refused without", "[control]") {
  CHECK(refusal_of("hold") == "hold needs ID ... | ALL");
  CHECK(refusal_of("delete json") == "delete needs ID ... | ALL");
  const auto request = parse_request("hold json A1 \t B2\n");
  REQUIRE(request);
  CHECK(request->json);
  CHECK(request->words == std::vector<std::string>{"A1", "B2"});
}

TEST_CASE("what is not one printable line is refused and shown harmless", "[control]") {
  CHECK(refusal_of("status\nreload\n") == "the request is not one line of text");
  CHECK(refusal_of(std::string_view("stat\0us", 7)) == "the request is not one line of text");
  CHECK(refusal_of("\x1b[2J\xff") == "unknown verb ?[2J?; try: help");
  CHECK(refusal_of(std::string(limits::kControlLine + 1, 'x')) == "the request is too long");
  CHECK(refusal_of(std::string(limits::kControlLine, 'x')).size() < 200);
}

TEST_CASE("a refusal is told from an answer, with its code and text", "[control]") {
  CHECK(format_refusal(77, "not\nyours") == "error 77: not?yours\n");
  const std::string octets = format_refusal(78, "gatepost.conf:3: unknown name");
  const Answer refused = read_answer(octets);
  CHECK(refused.code == 78);
  CHECK(refused.text == "gatepost.conf:3: unknown name");
  const Answer good = read_answer("gatepost 0.1.0 is running\n");
  CHECK(good.code == 0);
  CHECK(good.text == "gatepost 0.1.0 is running\n");
}

TEST_CASE("a broken answer is a failure of the protocol", "[control]") {
  CHECK(read_answer("").code == exits::kProtocol);
  CHECK(read_answer("error x: y\n").code == exits::kProtocol);
  CHECK(read_answer("error 0: y\n").code == exits::kProtocol);
  CHECK(read_answer("error 99999: y\n").code == exits::kProtocol);
  CHECK(read_answer("error 7").code == exits::kProtocol);
}
