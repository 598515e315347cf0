// SPDX-License-Identifier: Apache-2.0
// tests: the lines of a session are those Postfix's smtpd writes.
#include "log/session_events.h"

#include <catch2/catch_test_macros.hpp>

#include "fake_log.h"

using namespace gatepost;
using namespace gatepost::log;
using test::json_of;
using test::line_of;

namespace {
constexpr std::string_view kPeer = "unknown[192.0.2.7]";
}

TEST_CASE("a connection is told with its service and its end with a tally", "[log]") {
  CHECK(line_of(ClientConnected{"smtp", kPeer}) == "smtpd: connect from unknown[192.0.2.7]");
  CHECK(line_of(ClientConnected{"submission", kPeer}) ==
        "submission/smtpd: connect from unknown[192.0.2.7]");
  CHECK(line_of(ClientDisconnected{"submissions", kPeer, "ehlo=1 quit=1 commands=2"}) ==
        "submissions/smtpd: disconnect from unknown[192.0.2.7] ehlo=1 quit=1 commands=2");
  CHECK(json_of(ClientDisconnected{"smtp", kPeer, "quit=1 commands=1"}) ==
        R"({"event":"client_disconnected","level":"info","service":"smtp",)"
        R"("peer":"unknown[192.0.2.7]","tally":"quit=1 commands=1"})");
}

TEST_CASE("a lost connection names the item only where there is one and octets only in a text",
          "[log]") {
  CHECK(line_of(ConnectionLost{"smtp", kPeer, "", "lost connection", "CONNECT"}) ==
        "smtpd: lost connection after CONNECT from unknown[192.0.2.7]");
  CHECK(line_of(ConnectionLost{"smtp", kPeer, "4A1B", "timeout", "DATA", 1234}) ==
        "smtpd: 4A1B: timeout after DATA (1234 bytes) from unknown[192.0.2.7]");
  CHECK(json_of(ConnectionLost{"smtp", kPeer, "4A1B", "timeout", "DATA", 1234}) ==
        R"({"event":"connection_lost","level":"info","service":"smtp","peer":"unknown[192.0.2.7]",)"
        R"("item":"4A1B","how":"timeout","after":"DATA","octets":1234})");
}

TEST_CASE("a message begins with its client", "[log]") {
  CHECK(line_of(MessageStarted{"smtp", "4A1B", kPeer}) == "smtpd: 4A1B: client=unknown[192.0.2.7]");
  CHECK(json_of(MessageStarted{"smtp", "4A1B", kPeer}) ==
        R"({"event":"message_started","level":"info","service":"smtp","item":"4A1B",)"
        R"("peer":"unknown[192.0.2.7]"})");
}

TEST_CASE("a refused recipient is told with everything known about the transaction", "[log]") {
  const CommandRejected event{.service = "smtp",
                              .item = "",
                              .verb = "reject",
                              .stage = "RCPT",
                              .peer = kPeer,
                              .reply = "554 5.7.1 <r@x.example>: Relay access denied",
                              .sender = "s@y.example",
                              .recipient = "r@x.example",
                              .protocol = "ESMTP",
                              .helo = "c.example",
                              .has_sender = true,
                              .has_recipient = true};
  CHECK(
      line_of(event) ==
      "smtpd: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <r@x.example>: Relay access "
      "denied; from=<s@y.example> to=<r@x.example> proto=ESMTP helo=<c.example>");
  CHECK(json_of(event) ==
        R"({"event":"command_rejected","level":"info","service":"smtp","item":"","verb":"reject",)"
        R"("stage":"RCPT","peer":"unknown[192.0.2.7]",)"
        R"("reply":"554 5.7.1 <r@x.example>: Relay access denied","sender":"s@y.example",)"
        R"("recipient":"r@x.example","protocol":"ESMTP","helo":"c.example"})");
}

TEST_CASE("a refusal before MAIL names neither sender nor recipient, the null sender is named",
          "[log]") {
  CommandRejected event;
  event.service = "smtp";
  event.verb = "reject";
  event.stage = "EHLO";
  event.peer = kPeer;
  event.reply = "504 5.5.2 no";
  event.protocol = "SMTP";
  CHECK(line_of(event) ==
        "smtpd: NOQUEUE: reject: EHLO from unknown[192.0.2.7]: 504 5.5.2 no; proto=SMTP");
  event.has_sender = true;
  event.item = "4A1B";
  CHECK(line_of(event) ==
        "smtpd: 4A1B: reject: EHLO from unknown[192.0.2.7]: 504 5.5.2 no; from=<> proto=SMTP");
}

TEST_CASE("refusals are counted by stage and code, warnings are not", "[log]") {
  test::Desk desk;
  CommandRejected event;
  event.verb = "reject";
  event.stage = "RCPT";
  event.reply = "550 5.1.1 no";
  desk.log.emit(event);
  desk.log.emit(event);
  event.verb = "reject_warning";
  desk.log.emit(event);
  event.verb = "reject";
  event.reply = "nonsense";
  desk.log.emit(event);

  const auto& series = desk.counters.series(Family::Rejects);
  REQUIRE(series.size() == 2);
  CHECK(series[0].first == "RCPT");
  CHECK(series[0].second == "550");
  CHECK(series[0].value == 2);
  CHECK(series[1].second == "other");
  CHECK(desk.counters.of<CommandRejected>() == 4);
}

TEST_CASE("what is not SMTP is shown harmless and cut", "[log]") {
  CHECK(line_of(NonSmtpCommand{"smtp", kPeer, "GET / HTTP/1.1\r\n\x1b[2J\xff"}) ==
        "smtpd: warning: non-SMTP command from unknown[192.0.2.7]: GET / HTTP/1.1???[2J?");
  const std::string long_text(5000, 'x');
  CHECK(line_of(NonSmtpCommand{"smtp", kPeer, long_text}) ==
        "smtpd: warning: non-SMTP command from unknown[192.0.2.7]: " + std::string(100, 'x'));
  CHECK(json_of(NonSmtpCommand{"smtp", kPeer, "a\"\\\x01\xff"}) ==
        R"({"event":"non_smtp_command","level":"warning","service":"smtp",)"
        R"("peer":"unknown[192.0.2.7]","text":"a\"\\\u0001?"})");
}

TEST_CASE("talking out of turn is told as Postfix tells it", "[log]") {
  CHECK(line_of(ImproperPipelining{"smtp", kPeer, "EHLO", "MAIL FROM:<a>\r\n"}) ==
        "smtpd: improper command pipelining after EHLO from unknown[192.0.2.7]: MAIL FROM:<a>??");
  CHECK(json_of(ImproperPipelining{"smtp", kPeer, "EHLO", "x"}) ==
        R"({"event":"improper_pipelining","level":"info","service":"smtp",)"
        R"("peer":"unknown[192.0.2.7]","after":"EHLO","text":"x"})");
}

TEST_CASE("TLS is told in the words of OpenSSL, without what is unknown", "[log]") {
  TlsFacts facts{.protocol = "TLSv1.3",
                 .cipher = "TLS_AES_256_GCM_SHA384",
                 .used_bits = 256,
                 .algorithm_bits = 256,
                 .key_exchange = "X25519",
                 .server_signature = "ECDSA (prime256v1)",
                 .server_digest = "SHA256",
                 .server_name = "mx.example"};
  CHECK(line_of(TlsEstablished{"smtp", kPeer, facts}) ==
        "smtpd: Anonymous TLS connection established from unknown[192.0.2.7]: TLSv1.3 with cipher "
        "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature ECDSA "
        "(prime256v1) server-digest SHA256");
  CHECK(json_of(TlsEstablished{"smtp", kPeer, facts}) ==
        R"({"event":"tls_established","level":"info","service":"smtp","peer":"unknown[192.0.2.7]",)"
        R"("protocol":"TLSv1.3","cipher":"TLS_AES_256_GCM_SHA384","used_bits":256,)"
        "\"algorithm_bits\":256,\"key_exchange\":\"X25519\",\"server_signature\":\"ECDSA "
        "(prime256v1)\","
        R"("server_digest":"SHA256","server_name":"mx.example"})");
  facts.key_exchange.clear();
  facts.server_signature.clear();
  facts.server_digest.clear();
  CHECK(line_of(TlsEstablished{"smtp", kPeer, facts}) ==
        "smtpd: Anonymous TLS connection established from unknown[192.0.2.7]: TLSv1.3 with cipher "
        "TLS_AES_256_GCM_SHA384 (256/256 bits)");
  CHECK(line_of(TlsFailed{"submissions", kPeer, "timed out"}) ==
        "submissions/smtpd: SSL_accept error from unknown[192.0.2.7]: timed out");
  CHECK(json_of(TlsFailed{"smtp", kPeer, "timed out"}) ==
        R"({"event":"tls_failed","level":"info","service":"smtp","peer":"unknown[192.0.2.7]",)"
        R"("reason":"timed out"})");
}

TEST_CASE("a trap that was learned is told", "[log]") {
  CHECK(line_of(TrapLearned{"jon@example.com"}) ==
        "smtpd: trap <jon@example.com> was learned: only those who guess ask for it");
  CHECK(json_of(TrapLearned{"jon@example.com"}) ==
        R"({"event":"trap_learned","level":"info","address":"jon@example.com"})");
}

TEST_CASE("too many connections of one client are a warning with their number", "[log]") {
  CHECK(line_of(ConnectionLimit{"smtp", kPeer, 51}) ==
        "smtpd: warning: Connection concurrency limit exceeded: 51 from unknown[192.0.2.7] for "
        "service smtp");
  CHECK(json_of(ConnectionLimit{"smtp", kPeer, 51}) ==
        R"({"event":"connection_limit","level":"warning","service":"smtp",)"
        R"("peer":"unknown[192.0.2.7]","count":51})");
}

TEST_CASE("what greylisting decided is told in postgrey's words", "[log]") {
  CHECK(line_of(GreylistJudged{"", "greylist", "new", "", "unknown", "192.0.2.1", "a@b.example",
                               "bob@example.com"}) ==
        "postgrey: action=greylist, reason=new, client_name=unknown, client_address=192.0.2.1, "
        "sender=a@b.example, recipient=bob@example.com");
  CHECK(line_of(GreylistJudged{"4A1B", "pass", "triplet found", "301", "mx.example", "192.0.2.1",
                               "", "bob@example.com"}) ==
        "postgrey: 4A1B: action=pass, reason=triplet found, delay=301, client_name=mx.example, "
        "client_address=192.0.2.1, recipient=bob@example.com");
  CHECK(json_of(GreylistJudged{"", "greylist", "new", "", "unknown", "192.0.2.1", "", "b@x"}) ==
        R"({"event":"greylist_judged","level":"info","action":"greylist","reason":"new",)"
        R"("client_name":"unknown","client_address":"192.0.2.1","sender":"","recipient":"b@x"})");
  CHECK(line_of(GreylistAllowed{"unknown[192.0.2.1]"}) ==
        "postgrey: whitelisted: unknown[192.0.2.1]");
  CHECK(json_of(GreylistAllowed{"unknown[192.0.2.1]"}) ==
        R"({"event":"greylist_allowed","level":"info","peer":"unknown[192.0.2.1]"})");
}

TEST_CASE("replaced commands and hidden keywords are told as the part that met them", "[log]") {
  CHECK(line_of(CommandReplaced{"submission", kPeer, "HELO\n", "HELO x", false}) ==
        "submission/smtpd: unknown[192.0.2.7]: replacing client command \"HELO?\" with "
        "\"HELO x\"");
  CHECK(line_of(CommandReplaced{"smtp", "[192.0.2.7]:9", "A", "B", true}) ==
        "postscreen: [192.0.2.7]:9: replacing command \"A\" with \"B\"");
  CHECK(line_of(KeywordsHidden{"smtp", "DSN CHUNKING", false}) ==
        "smtpd: discarding EHLO keywords: DSN CHUNKING");
  CHECK(line_of(KeywordsHidden{"smtp", "DSN", true}) ==
        "postscreen: discarding EHLO keywords: DSN");
}
