// SPDX-License-Identifier: Apache-2.0
// unit: delivery reports.
#include "mail/report.h"

#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::mail;

namespace {

struct Sample {
  Mailbox sender{"s", "example.com"};
  Recipient recipient{{"r", "x.example"}, {}, "rfc822;R@x.example"};
  std::vector<Outcome> outcomes;
  Report report;

  Sample() {
    outcomes.push_back(
        {.recipient = &recipient, .status = "5.1.1", .diagnostic = "<r@x.example>: User unknown"});
    report.hostname = "mx.example.com";
    report.origin = "example.com";
    report.id = "0000B";
    report.item = "0000A";
    report.to = &sender;
    report.envelope_id = "QQ314159";
    report.arrived = report.at = Moment{} + std::chrono::seconds(1795239600);
    report.outcomes = outcomes;
  }
};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("a failure report names the recipient, the reason and the message", "[mail]") {
  Sample sample;
  ReturnedText text;
  text.feed("Subject: hi\n\nbo");
  text.feed("dy\n");
  const std::string out = format_report(sample.report, text);
  CHECK(out.starts_with(
      "Date: Sat, 21 Nov 2026 05:40:00 +0000 (UTC)\nFrom: MAILER-DAEMON@example.com"));
  CHECK(has(out, "\nTo: s@example.com\nAuto-Submitted: auto-replied\n"));
  CHECK(has(out, "report-type=delivery-status;"));
  CHECK(has(out, "\n<r@x.example>: <r@x.example>: User unknown\n"));
  CHECK(has(out,
            "\nReporting-MTA: dns; mx.example.com\nOriginal-Envelope-Id: QQ314159\n"
            "X-Gatepost-Queue-ID: 0000A\nArrival-Date: Sat, 21 Nov 2026 05:40:00 +0000 (UTC)\n\n"
            "Final-Recipient: rfc822;r@x.example\nOriginal-Recipient: rfc822;R@x.example\n"
            "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: X-Gatepost; <r@x.example>: User "
            "unknown\n"));
  CHECK(has(out, "Content-Type: message/rfc822\n\nSubject: hi\n\nbody\n\n--"));
  CHECK_FALSE(has(out, "\r"));
}

TEST_CASE("what another host said carries its name", "[mail]") {
  Sample sample;
  sample.outcomes[0].remote = "mx.x.example";
  sample.outcomes[0].diagnostic = "550 5.1.1 no\nsuch user";
  const std::string out = format_report(sample.report, ReturnedText());
  CHECK(has(out, "Remote-MTA: dns; mx.x.example\nDiagnostic-Code: smtp; 550 5.1.1 no?such user\n"));
  CHECK(has(out, "host mx.x.example said: 550 5.1.1 no such user\n"));
}

TEST_CASE("RET=HDRS and long messages give back the header alone", "[mail]") {
  Sample sample;
  ReturnedText text;
  text.feed("Subject: hi\n\nsecret\n");
  CHECK(text.choose(Return::Headers) == "Subject: hi\n");
  sample.report.ret = Return::Headers;
  const std::string out = format_report(sample.report, text);
  CHECK(has(out, "Content-Type: text/rfc822-headers\n\nSubject: hi\n\n--"));
  CHECK_FALSE(has(out, "secret"));
  text.feed(std::string(kMostReturned, 'x'));
  CHECK_FALSE(text.is_whole(Return::Full));
  CHECK(text.choose(Return::Full) == "Subject: hi\n");
  ReturnedText endless;
  endless.feed("A: b\nC: ");
  endless.feed(std::string(kMostReturned, 'x'));
  CHECK(endless.choose(Return::Unstated) == "A: b\n");
}

TEST_CASE("a text that holds the boundary gets another one", "[mail]") {
  Sample sample;
  ReturnedText text;
  text.feed("\n--0000B.1795239600000000/mx.example.com\n");
  const std::string out = format_report(sample.report, text);
  CHECK(has(out, "boundary=\"0000B.1795239600000001/mx.example.com\""));
}

TEST_CASE("addresses past ASCII are reported in the forms of RFC 6533", "[mail]") {
  Sample sample;
  sample.recipient.mailbox.local = "j\xC3\xB6rg";
  const std::string out = format_report(sample.report, ReturnedText());
  CHECK(has(out, "message/global-delivery-status"));
  CHECK(has(out, "Final-Recipient: utf-8;j\xC3\xB6rg@x.example\n"));
}

TEST_CASE("NOTIFY decides who hears of what", "[mail]") {
  CHECK(wants_report({}, Action::Failed));
  CHECK(wants_report({}, Action::Delayed));
  CHECK_FALSE(wants_report({}, Action::Delivered));
  CHECK_FALSE(wants_report({.never = true}, Action::Failed));
  CHECK(wants_report({.success = true}, Action::Relayed));
  CHECK_FALSE(wants_report({.success = true}, Action::Failed));
  CHECK(wants_report({.failure = true}, Action::Failed));
}
