// SPDX-License-Identifier: Apache-2.0
// greylist: what a mail server asks over Postfix's policy protocol.
#include "greylist/policy_request.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::greylist;

TEST_CASE("a request is read in pieces of any size", "[greylist][policy]") {
  const std::string text =
      "request=smtpd_access_policy\nclient_address=192.0.2.1\r\nclient_name=mx=1.example\n"
      "sender=\nrecipient=bob@example.com\netrn_domain=\nhelo_name=x\nnonsense\n\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    PolicyReader reader;
    bool done = false;
    for (std::size_t at = 0; at < text.size(); at += size) {
      std::string_view piece = std::string_view(text).substr(at, size);
      const auto read = reader.read(piece);
      REQUIRE(read);
      done = *read;
      CHECK(piece.empty());
    }
    REQUIRE(done);
    CHECK(reader.request().request == "smtpd_access_policy");
    CHECK(reader.request().client_address == "192.0.2.1");
    CHECK(reader.request().client_name == "mx=1.example");
    CHECK(reader.request().has_sender);
    CHECK(reader.request().sender.empty());
    CHECK(reader.request().has_etrn_domain);
  }
}

TEST_CASE("requests that come together are read one after the other", "[greylist][policy]") {
  PolicyReader reader;
  std::string_view input = "recipient=a\n\nsender=b\n\nrec";
  auto read = reader.read(input);
  REQUIRE((read && *read));
  CHECK(reader.request().recipient == "a");
  CHECK_FALSE(reader.request().has_sender);
  read = reader.read(input);
  REQUIRE((read && *read));
  CHECK(reader.request().recipient.empty());
  CHECK(reader.request().sender == "b");
  read = reader.read(input);
  CHECK((read && !*read));
}

TEST_CASE("a request without end is hung up on", "[greylist][policy]") {
  PolicyReader reader;
  const std::string longish(PolicyReader::kMostLine + 1, 'x');
  std::string_view input = longish;
  CHECK_FALSE(reader.read(input));
  PolicyReader other;
  const std::string line(1000, 'x');
  bool refused = false;
  for (std::size_t n = 0; n < 70 && !refused; ++n) {
    const std::string whole = line + "=1\n";
    std::string_view piece = whole;
    refused = !other.read(piece);
  }
  CHECK(refused);
}

TEST_CASE("a long value is cut as postgrey cuts it", "[greylist][policy]") {
  PolicyReader reader;
  const std::string text = "sender=" + std::string(2000, 'a') + "\n\n";
  std::string_view input = text;
  REQUIRE(reader.read(input));
  CHECK(reader.request().sender.size() == 512);
}
