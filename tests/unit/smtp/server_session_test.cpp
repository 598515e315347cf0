// SPDX-License-Identifier: Apache-2.0
// unit: the server machine, where a scenario cannot look: steps, envelopes, time and memory.
#include "smtp/server_session.h"

#include <cstdlib>
#include <new>
#include <string>
#include <type_traits>
#include <variant>

#include <catch2/catch_test_macros.hpp>

#include "support/play.h"

using namespace gatepost;
using namespace gatepost::smtp;
using support::plain_settings;
using support::Play;

namespace {

Ruling ruling(std::uint16_t code, std::string enhanced, std::string text, bool hang_up = false) {
  return {.reply = {code, std::move(enhanced), std::move(text)}, .hang_up = hang_up};
}

}  // namespace

TEST_CASE("a refused recipient leaves the transaction as it was", "[smtp][rcpt]") {
  Play play;
  play.hears("EHLO c.example");
  play.hears("MAIL FROM:<a@x.example> SIZE=5 RET=HDRS", "RCPT TO:<alice@example.com>");
  const mail::Envelope before = play.envelope();
  CHECK(before.sender.text() == "a@x.example");
  CHECK(before.options.size == 5);
  CHECK(before.recipients.size() == 1);
  for (const char* line :
       {"RCPT TO:<nobody@example.com>", "RCPT TO:<x", "RCPT TO:<a@b.example> X=1",
        "MAIL FROM:<b@x.example>", "NOOP", "VRFY alice", "XYZZY", "DATA x"}) {
    play.hears(line);
    CHECK(play.envelope() == before);
  }
  CHECK(play.violations().empty());
}

TEST_CASE("a refused sender leaves no transaction", "[smtp][mail]") {
  Play play;
  play.rules_next(ruling(550, "5.7.1", "no"));
  play.hears("MAIL FROM:<a@x.example>");
  CHECK(play.last_reply() == "550 5.7.1 no");
  play.hears("RCPT TO:<alice@example.com>");
  CHECK(play.last_reply() == "503 5.5.1 Error: need MAIL command");
  CHECK(play.envelope() == mail::Envelope{});
}

TEST_CASE("a ruling that hangs up is said first", "[smtp][ruling]") {
  for (const char* line : {"MAIL FROM:<a@x.example>", "VRFY alice"}) {
    Play play;
    play.rules_next(ruling(450, "4.7.1", "go away", true));
    play.hears(line);
    CHECK(play.last_reply() == "450 4.7.1 go away");
    CHECK(play.closed());
    CHECK(play.violations().empty());
  }
  Play chunks;
  chunks.hears("EHLO c.example");
  chunks.hears("MAIL FROM:<a@x.example>", "RCPT TO:<alice@example.com>");
  chunks.rules_text(ruling(450, "4.7.1", "go away", true));
  chunks.feed("BDAT 6\r\nQUIT");
  CHECK_FALSE(chunks.closed());
  chunks.feed("\r\n");
  CHECK(chunks.last_reply() == "450 4.7.1 go away");
  CHECK(chunks.closed());
}

TEST_CASE("421 and 521 hang up by themselves, at every question", "[smtp][ruling]") {
  for (const std::uint16_t code : {std::uint16_t{421}, std::uint16_t{521}}) {
    Play sender;
    sender.rules_next(ruling(code, "4.7.0", "x"));
    sender.hears("MAIL FROM:<a@x.example>");
    CHECK(sender.closed());
    Play text;
    text.hears("EHLO c.example");
    text.hears("MAIL FROM:<a@x.example>", "RCPT TO:<alice@example.com>");
    text.rules_commit(ruling(code, "4.7.0", "x"));
    text.hears("DATA");
    text.hears("x", ".");
    CHECK(text.closed());
    CHECK(text.outcome().stored.empty());
    CHECK(text.outcome().discarded == 0);
    CHECK(text.violations().empty());
  }
}

TEST_CASE("input before the greeting is talking ahead", "[smtp][pipelining]") {
  Play play;
  play.feed_early("EHLO early.example\r\n");
  play.feed("");
  CHECK(play.last_reply() == "554 5.5.0 Error: SMTP protocol synchronization");
  CHECK(play.closed());
  REQUIRE(play.outcome().log.size() == 1);
  CHECK(
      play.outcome().log[0] ==
      "improper command pipelining after CONNECT from unknown[192.0.2.7]: EHLO early.example\r\n");
  SessionSettings lenient = plain_settings();
  lenient.forbid_unauth_pipelining = false;
  Play patient(lenient);
  patient.feed_early("EHLO early.example\r\n");
  patient.feed("");
  CHECK(patient.last_reply().substr(0, 3) == "250");
}

TEST_CASE("keys that cannot be loaded make STARTTLS fail for now", "[smtp][tls]") {
  SessionSettings settings = plain_settings();
  settings.starttls_offered = true;
  Play play(settings, {.tls_available = false});
  play.hears("EHLO c.example");
  play.hears("STARTTLS");
  CHECK(play.last_reply() == "454 4.7.0 TLS not available due to local problem");
  CHECK_FALSE(play.wants_tls());
}

TEST_CASE("with implicit TLS the session is secured from the start", "[smtp][tls]") {
  SessionSettings settings = plain_settings();
  settings.starttls_offered = true;
  settings.tls_required = true;
  Play play(settings, {.secured = true});
  play.hears("EHLO c.example");
  play.hears("STARTTLS");
  CHECK(play.last_reply() == "554 5.5.1 Error: TLS already active");
  play.hears("MAIL FROM:<a@x.example>");
  CHECK(play.last_reply() == "250 2.1.0 Ok");
}

TEST_CASE("half a command from before the handshake is forgotten", "[smtp][tls]") {
  SessionSettings settings = plain_settings();
  settings.starttls_offered = true;
  const Instant now{};
  ServerSession session(settings, {}, now);
  std::string_view input = "STARTTLS\r\n";
  std::string_view none;
  while (!std::holds_alternative<step::NeedInput>(session.next(none, now))) {
  }
  while (!std::holds_alternative<step::StartTls>(session.next(input, now))) {
  }
  session.secured();
  CHECK(session.helo().empty());
  CHECK(session.protocol() == "SMTP");
  input = "NOOP\r\n";
  const Step todo = session.next(input, now);
  REQUIRE(std::holds_alternative<step::Say>(todo));
  CHECK(std::get<step::Say>(todo).reply.code == 250);
}

TEST_CASE("a driver that comes back without TLS is told to hang up", "[smtp][tls]") {
  SessionSettings settings = plain_settings();
  settings.starttls_offered = true;
  const Instant now{};
  ServerSession session(settings, {}, now);
  std::string_view none;
  while (!std::holds_alternative<step::NeedInput>(session.next(none, now))) {
  }
  std::string_view input = "STARTTLS\r\n";
  while (!std::holds_alternative<step::StartTls>(session.next(input, now))) {
  }
  CHECK(std::holds_alternative<step::HangUp>(session.next(none, now)));
}

TEST_CASE("a wakeup before the deadline changes nothing", "[smtp][time]") {
  const SessionSettings settings = plain_settings();
  Instant now = Instant{} + std::chrono::hours(1);
  ServerSession session(settings, {}, now);
  std::string_view none;
  while (!std::holds_alternative<step::NeedInput>(session.next(none, now))) {
  }
  const Instant deadline = session.deadline();
  CHECK(deadline == now + settings.timeout);
  now += std::chrono::seconds(299);
  CHECK(std::holds_alternative<step::NeedInput>(session.next(none, now)));
  CHECK(session.deadline() == deadline);
}

TEST_CASE("facts of the message are there when it is to be committed", "[smtp][text]") {
  Play play;
  play.hears("EHLO c.example");
  play.hears("MAIL FROM:<a@x.example> SMTPUTF8", "RCPT TO:<alice@example.com>",
             "RCPT TO:<postmaster>", "DATA");
  play.hears("Delivered-To: bob@example.com", "Message-ID: <1@x.example>", "", "text", ".");
  REQUIRE(play.outcome().stored.size() == 1);
  const support::Stored& stored = play.outcome().stored[0];
  CHECK(stored.message_id == "<1@x.example>");
  CHECK(stored.delivered_to == std::vector<std::string>{"bob@example.com"});
  CHECK(stored.envelope.recipients.size() == 2);
  CHECK(stored.envelope.options.smtputf8);
  CHECK(play.session().helo() == "c.example");
  CHECK(play.session().protocol() == "ESMTP");
  CHECK(play.session().where() == "END-OF-MESSAGE");
  play.hears("NOOP");
  CHECK(play.session().message_id().empty());
}

TEST_CASE("a large text is handed on in bounded pieces", "[smtp][text]") {
  SessionSettings settings = plain_settings();
  settings.message_size_limit = 0;
  Play play(settings);
  play.hears("EHLO c.example");
  play.hears("MAIL FROM:<a@x.example>", "RCPT TO:<alice@example.com>", "DATA");
  const std::string line = std::string(76, 'x') + "\r\n";
  std::string expected = "\n";
  for (int i = 0; i < 20'000; ++i) {
    play.feed(line);
    expected += std::string(76, 'x') + "\n";
  }
  play.hears(".");
  REQUIRE(play.outcome().stored.size() == 1);
  CHECK(play.outcome().stored[0].text == expected);
  CHECK(play.violations().empty());
}

TEST_CASE("a step is small enough to be returned by value", "[smtp][memory]") {
  CHECK(sizeof(Step) <= 96);
}
