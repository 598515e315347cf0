// SPDX-License-Identifier: Apache-2.0
// unit: the header scanner.
#include "mail/header.h"

#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using gatepost::mail::HeaderScanner;

namespace {

HeaderScanner scan(std::string_view text, std::uint32_t limit = 1000) {
  HeaderScanner scanner(limit);
  scanner.feed(text);
  scanner.finish();
  return scanner;
}

constexpr std::string_view kMessage =
    "Received: from a by b\n\tfor c\nRECEIVED : by d\nX-Received: by e\n"
    "Delivered-To: <alice@example.com>\nDelivered-to:\n  bob@example.com  \n"
    "Message-Id:\n <1@client.example>\nMessage-ID: <2@client.example>\nSubject: x\n\n"
    "Received: in the body\nDelivered-To: eve@example.com\n";

}  // namespace

TEST_CASE("the header tells hops, former deliveries and the message id", "[mail][header]") {
  const HeaderScanner found = scan(kMessage);
  CHECK(found.received() == 2);
  CHECK(found.delivered_to() == std::vector<std::string>{"alice@example.com", "bob@example.com"});
  CHECK(found.message_id() == "<1@client.example>");
  CHECK_FALSE(found.too_large());
}

TEST_CASE("it tells the same however the text is cut", "[mail][header]") {
  for (std::size_t cut = 0; cut <= kMessage.size(); ++cut) {
    HeaderScanner scanner(1000);
    scanner.feed(kMessage.substr(0, cut));
    scanner.feed(kMessage.substr(cut));
    scanner.finish();
    CHECK(scanner.received() == 2);
    CHECK(scanner.delivered_to().size() == 2);
    CHECK(scanner.message_id() == "<1@client.example>");
  }
  HeaderScanner single(1000);
  for (const char c : kMessage) single.feed({&c, 1});
  CHECK(single.ended());
  CHECK(single.received() == 2);
}

TEST_CASE("a text without a header is all body", "[mail][header]") {
  for (const std::string_view text :
       {"no colon here\nReceived: x\n", "\nReceived: x\n", " folded first\nReceived: x\n",
        ":\nReceived: x\n", "a b: c\nReceived: x\n", "\x01: c\nReceived: x\n", ""}) {
    const HeaderScanner found = scan(text);
    CHECK(found.received() == 0);
    CHECK(found.ended());
  }
}

TEST_CASE("a field open at the end of the text counts", "[mail][header]") {
  CHECK(scan("Received: x").received() == 1);
  CHECK(scan("Received: x\n").received() == 1);
  CHECK(scan("Received").received() == 0);
}

TEST_CASE("the limit is that of one logical field, to the octet", "[mail][header]") {
  const std::string field = "X: " + std::string(40, 'x') + "\n " + std::string(40, 'x') + "\n";
  CHECK_FALSE(scan(field + field + field, 86).too_large());
  CHECK(scan(field, 85).too_large());
  CHECK_FALSE(scan("X: y\n\n" + std::string(500, 'b'), 50).too_large());
  CHECK(scan("X: " + std::string(100, 'x'), 50).too_large());
}

TEST_CASE("a body line without blanks is not mistaken for a huge name", "[mail][header]") {
  CHECK_FALSE(scan(std::string(5000, 'A') + "\n", 2000).too_large());
}

TEST_CASE("what is kept is bounded", "[mail][header]") {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "Delivered-To: a@b.example\n";
  text += "Message-ID: " + std::string(5000, 'x') + "\n";
  const HeaderScanner found = scan(text, 100'000);
  CHECK(found.delivered_to().size() == HeaderScanner::kMostDeliveredTo);
  CHECK(found.message_id().size() < HeaderScanner::kMostValue);
  CHECK(found.message_id().size() > 900);
}

TEST_CASE("how a text opens is known before its first line ends", "[mail][header]") {
  using Opening = HeaderScanner::Opening;
  CHECK(scan("X: y\n").opening() == Opening::Header);
  CHECK(scan("\nbody\n").opening() == Opening::Header);
  CHECK(scan("X y\n").opening() == Opening::Body);
  CHECK(scan(" x: y\n").opening() == Opening::Body);
  CHECK(scan("\tx\n").opening() == Opening::Body);
  CHECK(scan("body\n").opening() == Opening::Body);
  CHECK(scan("X: y\nno field\n").opening() == Opening::Header);
  CHECK(scan("").opening() == Opening::Unknown);
  CHECK(scan(std::string(2000, 'x')).opening() == Opening::Body);
}
