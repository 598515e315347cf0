// SPDX-License-Identifier: Apache-2.0
// unit: delivery reports.
#include "mail/report.h"

#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "base/text.h"

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

TEST_CASE("a message with SMTPUTF8 or UTF-8 in its header goes back in the forms of RFC 6533",
          "[mail]") {
  struct Row {
    std::string_view text;
    bool smtputf8;
    Return ret;
    std::string_view status;
    std::string_view third;
  };
  constexpr std::string_view kPlain = "Subject: hi\n\nj\xC3\xB6rg\n";
  constexpr std::string_view kHigh = "Subject: j\xC3\xB6rg\n\nbody\n";
  constexpr std::string_view kOther = "Subject: j\xF6rg\n\nbody\n";
  const std::vector<Row> rows{
      {kPlain, false, Return::Full, "delivery-status", "message/rfc822"},
      {kPlain, false, Return::Headers, "delivery-status", "text/rfc822-headers"},
      {kPlain, true, Return::Full, "global-delivery-status", "message/global"},
      {kHigh, false, Return::Full, "global-delivery-status", "message/global"},
      {kHigh, true, Return::Headers, "global-delivery-status", "message/global-headers"},
      {kOther, false, Return::Full, "delivery-status", "message/rfc822"},
      {kOther, true, Return::Headers, "global-delivery-status", "text/rfc822-headers"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text, row.smtputf8);
    Sample sample;
    sample.report.smtputf8 = row.smtputf8;
    sample.report.ret = row.ret;
    ReturnedText text;
    text.feed(row.text);
    const std::string out = format_report(sample.report, text);
    CHECK(has(out, "\nContent-Type: message/" + std::string(row.status) + "\n"));
    CHECK(has(out, "\nContent-Type: " + std::string(row.third) + "\n"));
    const bool high = !is_ascii(text.choose(row.ret));
    CHECK(high == has(out, std::string(row.third) + "\nContent-Transfer-Encoding: 8bit\n\n"));
  }
}

TEST_CASE("a report refers to its message by a Message-ID that is one", "[mail]") {
  Sample sample;
  ReturnedText text;
  text.feed("Received: x\nmessage-id:\n <a.b@c.example>\n\nMessage-ID: <body@x>\n");
  for (const Return ret : {Return::Full, Return::Headers}) {
    sample.report.ret = ret;
    const std::string out = format_report(sample.report, text);
    CHECK(has(out.substr(0, out.find("\n\n") + 1),
              "\nIn-Reply-To: <a.b@c.example>\nReferences: <a.b@c.example>\n"));
  }
  const std::string longest = "<" + std::string(900, 'x') + "@y>";
  for (const std::string_view id :
       {"", "<>", "<a>", "<@a>", "<a@>", "a@b", "<a@b> <c@d>", "<a@b", "<a b@c>", "<a@b>,<c@d>",
        "<a@b>\n\tX-Evil: 1", "<a\x01@b>", "<j\xC3\xB6rg@b>", longest.c_str()}) {
    CAPTURE(id);
    ReturnedText other;
    other.feed("Message-ID: " + std::string(id) + "\nSubject: hi\n\nbody\n");
    const std::string out = format_report(sample.report, other);
    CHECK_FALSE(has(out, "In-Reply-To"));
    CHECK_FALSE(has(out, "References"));
  }
}

TEST_CASE("the message of a report about success is not called undelivered", "[mail]") {
  Sample sample;
  ReturnedText text;
  text.feed("Subject: hi\n\nbody\n");
  sample.report.ret = Return::Headers;
  CHECK(has(format_report(sample.report, text),
            "\nContent-Description: Undelivered Message Headers\n"));
  for (const Action action : {Action::Delivered, Action::Expanded}) {
    sample.outcomes[0].action = action;
    const std::string out = format_report(sample.report, text);
    CHECK(has(out, "\nContent-Description: Message Headers\n"));
    CHECK_FALSE(has(out, "Undelivered"));
  }
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
