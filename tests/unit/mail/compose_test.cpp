// SPDX-License-Identifier: Apache-2.0
// unit: From fields, recipients and addresses of a message written here.
#include "mail/compose.h"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost::mail;

namespace {

std::string found(std::string_view header) {
  const auto list = find_recipients(header);
  if (!list) return "error " + list.error().detail;
  std::string out;
  for (const Mailbox& one : *list) out += one.text() + " ";
  return out;
}

}  // namespace

TEST_CASE("a From field is quoted or encoded as its name asks for", "[mail]") {
  const Mailbox jo{"jo", "x.example"};
  CHECK(format_from("Jo Doe", jo) == "Jo Doe <jo@x.example>");
  CHECK(format_from("", jo) == "jo@x.example");
  CHECK(format_from("Jo \"X\" Doe, Jr.", jo) == "\"Jo \\\"X\\\" Doe, Jr.\" <jo@x.example>");
  CHECK(format_from("J\xC3\xB6", jo) == "=?utf-8?B?SsO2?= <jo@x.example>");
  CHECK(format_from("=?utf-8?B?SsO2?=", jo) == "\"=?utf-8?B?SsO2?=\" <jo@x.example>");
  CHECK(format_from("J\xF6", jo) == "jo@x.example");
  CHECK(format_from("a\nBcc: x", jo) == "jo@x.example");
  std::string many;
  for (int n = 0; n < 40; ++n) many += "\xC3\xB6";
  const std::string folded = format_from(many, jo);
  CHECK(folded.find("?=\n =?utf-8?B?") != std::string::npos);
  CHECK(folded.find('\n') <= 75);
}

TEST_CASE("recipients come from To, Cc and Bcc, or from the first resending", "[mail]") {
  CHECK(found("To: a@x.example,\n b\nCC: c\nbcc : d\nFrom: e\nX-To: f\n") == "a@x.example b c d ");
  CHECK(found("Resent-To: r\nResent-From: s\nTo: a\nCc: b\n") == "r ");
  CHECK(found("Resent-To: r\nReceived: x\nResent-To: old\n") == "r ");
  CHECK(found("Resent-Date: x\nTo: a\n") == "a ");
  CHECK(found("Subject: x\n").empty());
  CHECK(found("To: two words\n") == "error To: not an address: two words");
}

TEST_CASE("addresses without a domain get one and nothing else changes", "[mail]") {
  CHECK(complete_addresses("Subject: jo\nTo: jo,\n  \"Jo\" <jo>, a@x.example (c)\nX-To: jo\n",
                           "o.example") ==
        "Subject: jo\nTo: jo@o.example,\n  \"Jo\" <jo@o.example>, a@x.example (c)\nX-To: jo\n");
  CHECK(complete_addresses("From: two words\nCc: \"q d\"\n", "o") ==
        "From: two words\nCc: \"q d\"@o\n");
  CHECK(complete_addresses("", "o").empty());
}

TEST_CASE("a header ends at the empty line or at what is no field", "[mail]") {
  CHECK(header_octets("A: b\n c\nD: e\n\nbody\n") == 13);
  CHECK(header_octets("A: b\nno field\n") == 5);
  CHECK(header_octets("body\n") == 0);
  CHECK(header_octets("A: b") == 4);
  CHECK(header_octets(" indented\n") == 0);
}
