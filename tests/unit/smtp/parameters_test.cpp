// SPDX-License-Identifier: Apache-2.0
// unit: the parameters of MAIL and RCPT.
#include "smtp/parameters.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "support/play.h"

using namespace gatepost;
using namespace gatepost::smtp;

namespace {

const SessionSettings kSettings = support::plain_settings();

std::string refusal(std::string_view text) {
  mail::SenderOptions options;
  const auto reply = parse_sender_options(text, kSettings, gatepost::smtp::PeerFacts{}, options);
  return reply ? reply->text : "";
}

std::string rcpt_refusal(std::string_view text, bool utf8 = false) {
  mail::Recipient recipient;
  const auto reply =
      parse_recipient_options(text, kSettings, gatepost::smtp::PeerFacts{}, utf8, recipient);
  return reply ? reply->text : "";
}

}  // namespace

TEST_CASE("the options of a sender are read", "[smtp][parameters]") {
  mail::SenderOptions options;
  CHECK_FALSE(parse_sender_options("\tSIZE=1234  body=8bitmime RET=hdrs ENVID=a+20b SMTPUTF8 ",
                                   kSettings, gatepost::smtp::PeerFacts{}, options));
  CHECK(options == mail::SenderOptions{.body = mail::Body::EightBitMime,
                                       .smtputf8 = true,
                                       .ret = mail::Return::Headers,
                                       .envelope_id = "a b",
                                       .size = 1234});
  CHECK_FALSE(parse_sender_options("", kSettings, gatepost::smtp::PeerFacts{}, options));
}

TEST_CASE("the options of a recipient are read", "[smtp][parameters]") {
  mail::Recipient recipient;
  CHECK_FALSE(parse_recipient_options(" NOTIFY=delay,SUCCESS ORCPT=rfc822;a+2Bb@c.example",
                                      kSettings, gatepost::smtp::PeerFacts{}, false, recipient));
  CHECK(recipient.notify == mail::Notify{.success = true, .delay = true});
  CHECK(recipient.original == "rfc822;a+b@c.example");
  CHECK_FALSE(parse_recipient_options("ORCPT=utf-8;\xc3\xa4@c.example", kSettings,
                                      gatepost::smtp::PeerFacts{}, true, recipient));
  CHECK(recipient.original == "utf-8;\xc3\xa4@c.example");
}

TEST_CASE("a size past the limit is refused, whatever its length", "[smtp][parameters]") {
  CHECK(refusal("SIZE=10240000").empty());
  CHECK(refusal("SIZE=10240001") == "Message size exceeds fixed limit");
  CHECK(refusal("SIZE=99999999999999999999") == "Message size exceeds fixed limit");
  CHECK(refusal("SIZE=999999999999999999999") == "Bad message size syntax");
  CHECK(refusal("SIZE=") == "Bad message size syntax");
  CHECK(refusal("SIZE=+1") == "Bad message size syntax");
}

TEST_CASE("what nobody offered is named and refused", "[smtp][parameters]") {
  CHECK(refusal("X") == "Unsupported option: X");
  CHECK(refusal("=x") == "Unsupported option: =x");
  CHECK(refusal("SIZE") == "Unsupported option: SIZE");
  CHECK(refusal("ORCPT=rfc822;a") == "Unsupported option: ORCPT=rfc822;a");
  CHECK(rcpt_refusal("BODY=7BIT") == "Unsupported option: BODY=7BIT");
  CHECK(refusal("RET=FULL ret=FULL") == "Error: option given twice: RET");
}

TEST_CASE("values that could harm a report are refused", "[smtp][parameters]") {
  CHECK(refusal("ENVID=a+0A") == "Bad ENVID parameter syntax");
  CHECK(refusal("ENVID=a+C3+A4") == "Bad ENVID parameter syntax");
  CHECK(refusal("ENVID=" + std::string(100, 'x')).empty());
  CHECK(refusal("ENVID=" + std::string(101, 'x')) == "Bad ENVID parameter syntax");
  const std::string wrong = "Error: Bad ORCPT parameter syntax";
  for (const char* value : {"", ";a", "rfc822;", "rf c;a", "rfc=822;a", "rfc822;a+0D", "rfc822;a=b",
                            "rfc822;\xc3\xa4", "rfc822"}) {
    CHECK(rcpt_refusal("ORCPT=" + std::string(value)) != "");
  }
  CHECK(rcpt_refusal("ORCPT=utf-8;\xff", true) == wrong);
  CHECK(rcpt_refusal("ORCPT=rfc822;" + std::string(493, 'x')).empty());
  CHECK(rcpt_refusal("ORCPT=rfc822;" + std::string(494, 'x')) == wrong);
}
