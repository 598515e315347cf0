// SPDX-License-Identifier: Apache-2.0
// app: what an owner is told of clients and lists, as text and as JSON.
#include "app/screen_reports.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::app;
using namespace std::chrono_literals;
using screen::Access;
using screen::Action;
using screen::Test;

namespace {

constexpr View kText{false, 0s};
constexpr View kJson{true, 0s};
/// 2026-11-26 08:00:00 UTC
constexpr Stamp kNow = 1'795'680'000;

bool has(const std::string& text, std::string_view part) {
  INFO(text);
  CHECK(text.find(part) != text.npos);
  return true;
}

Outlook outlook() {
  Outlook out;
  out.client = *IpAddress::parse("192.0.2.1");
  return out;
}

}  // namespace

TEST_CASE("a record says of each test until when it is passed", "[app][screen]") {
  screen::Record record;
  record.of(Test::Pregreet) = kNow + 60;
  record.of(Test::Dnsbl) = kNow - 60;
  record.of(Test::Pipelining) = screen::Record::kDisabled;
  CHECK(format_record("192.0.2.1", record, kNow, kText) ==
        "192.0.2.1 pregreet until 2026-11-26 08:01:00, dnsbl over since 2026-11-26 07:59:00, "
        "pipelining off, non_smtp not passed, bare_newline not passed\n");
  const std::string json = format_record("192.0.2.1", record, kNow, kJson);
  has(json, R"("pregreet":{"passed":true,"until":"2026-11-26T08:01:00Z"})");
  has(json, R"("dnsbl":{"passed":false,"until":"2026-11-26T07:59:00Z"})");
  has(json, R"("pipelining":{"passed":false})");
}

TEST_CASE("a list that is muted says why", "[app][screen]") {
  screen::Guard::Status status;
  status.zone = "bl.test";
  status.positive = 3;
  status.negative = -2;
  status.state = screen::Guard::State::Muted;
  status.fault = "no answers";
  status.for_time = 1min;
  status.questions = 1;
  status.failures = 2;
  status.median = 30ms;
  status.error = "time\nout";
  const std::string text = format_list(status, kNow, kText);
  has(text,
      "bl.test muted since 2026-11-26 07:59:00: no answers; weight 3 and -2; "
      "1 question, 0 hits, 2 failures, 30 ms; last error: time");
  CHECK(text.find('\n') == text.size() - 1);
  has(format_list(status, kNow, kJson), R"("state":"muted","fault":"no answers")");
}

TEST_CASE("what comes first decides what would become of a client", "[app][screen]") {
  Outlook out = outlook();
  out.dnsbl_action = Action::Enforce;
  out.denylist_action = Action::Drop;
  CHECK(format_verdict(out) == "let in if it passes the tests that are left");
  out.ruling.allowed = true;
  CHECK(format_verdict(out) == "let in: DNS lists vouch for it");
  out.ruling.listed = true;
  CHECK(format_verdict(out) == "recipients refused with 550: DNS lists");
  out.known = true;
  CHECK(format_verdict(out) == "let in at once: it has passed all tests");
  out.access = Access::Reject;
  CHECK(format_verdict(out) == "hung up on with 521: postscreen_access_list");
  out.access = Access::Permit;
  CHECK(format_verdict(out) == "let in at once: postscreen_access_list");
  out.screened = false;
  CHECK(format_verdict(out) == "let in at once: postscreen_enable is off");
  out.banned = "until 2026-11-26 09:00:00";
  CHECK(format_verdict(out) == "kept out: banned until 2026-11-26 09:00:00");
  has(format_outlook(out, kNow, kText), "banned       until 2026-11-26 09:00:00\n");
  has(format_outlook(out, kNow, kJson), R"("banned":"until 2026-11-26 09:00:00")");
  out.let_in = "192.0.2.0/24";
  CHECK(format_verdict(out) == "let in at once: gatepost allow");
}

TEST_CASE("a list that is not heard is told with what it lacks", "[app][screen]") {
  Outlook out = outlook();
  Outlook::List list;
  list.zone = "bl.test";
  list.fault = "no answers";
  out.lists.push_back(list);
  out.wait = 2500ms;
  out.ruling.doubtful = true;
  const std::string text = format_outlook(out, kNow, kText);
  has(text, "list         bl.test: muted: no answers; does not count now\n");
  has(text, "score        0, listed from 1; lists that could matter were not heard\n");
  has(text, "waits        2.5 s for the greeting\n");
  has(text, "remembered   nothing\n");
  has(format_outlook(out, kNow, kJson), R"("muted":"no answers")");
}
