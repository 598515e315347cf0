// SPDX-License-Identifier: Apache-2.0
// tests: an LMTP client against every kind of server.
#include "smtp/client_session.h"

#include <catch2/catch_test_macros.hpp>

namespace gatepost::smtp {
namespace {

using Fate = ClientOutcome::Fate;
using Need = ClientSession::Need;

mail::Envelope envelope_of(const std::vector<std::string>& names) {
  mail::Envelope envelope;
  envelope.sender = {"sender", "client.example"};
  for (const std::string& name : names)
    envelope.recipients.push_back({{name, "us.example"}, {}, {}});
  return envelope;
}

ClientSession::Settings settings_of(bool probe = false) {
  ClientSession::Settings settings;
  settings.hostname = "mx.us.example";
  settings.peer = "mx[/run/lmtp]";
  settings.probe = probe;
  settings.size = 99;
  return settings;
}

/// Talks until the session is over or waits for more than `said` holds; what the client said.
std::string talk(ClientSession& session, std::vector<std::string> said, std::string_view text) {
  std::string heard;
  std::size_t next = 0;
  for (;;) {
    heard += session.take_output();
    if (session.need() == Need::Close) return heard;
    if (session.need() == Need::Text) {
      session.text(text);
      session.end_text();
      continue;
    }
    if (next == said.size()) return heard;
    session.receive(said[next++]);
  }
}

const std::string kHello = "250-mx\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 100000\r\n";

}  // namespace

TEST_CASE("a message is taken for each recipient by its own reply", "[smtp][client]") {
  const auto envelope = envelope_of({"a", "b", "c"});
  ClientSession session(settings_of(), envelope);
  const std::string heard = talk(
      session,
      {"220 mx\r\n", kHello, "250 2.1.0 ok\r\n250 2.1.5 ok\r\n550 5.1.1 no\r\n250 2.1.5 ok\r\n",
       "354 go\r\n", "250 2.0.0 a saved\r\n452 4.2.2 c full\r\n"},
      "Subject: x\n\n.dot\nend");
  CHECK(heard ==
        "LHLO mx.us.example\r\nMAIL FROM:<sender@client.example> SIZE=99\r\n"
        "RCPT TO:<a@us.example>\r\nRCPT TO:<b@us.example>\r\nRCPT TO:<c@us.example>\r\n"
        "DATA\r\nSubject: x\r\n\r\n..dot\r\nend\r\n.\r\nQUIT\r\n");
  const auto& outcomes = session.outcomes();
  CHECK(outcomes[0].fate == Fate::Delivered);
  CHECK(outcomes[0].reason == "250 2.0.0 a saved");
  CHECK(outcomes[1].fate == Fate::Failed);
  CHECK(outcomes[1].status == "5.1.1");
  CHECK(outcomes[1].reason == "host mx[/run/lmtp] said: 550 5.1.1 no (in reply to RCPT TO)");
  CHECK(outcomes[2].fate == Fate::Deferred);
  CHECK(outcomes[2].status == "4.2.2");
  CHECK(outcomes[2].reason.ends_with("(in reply to end of DATA)"));
}

TEST_CASE("without PIPELINING each command waits for its reply", "[smtp][client]") {
  const auto envelope = envelope_of({"a", "b"});
  ClientSession session(settings_of(), envelope);
  std::string heard = talk(session, {"220 mx\r\n", "250 mx\r\n"}, "");
  CHECK(heard == "LHLO mx.us.example\r\nMAIL FROM:<sender@client.example>\r\n");
  CHECK(talk(session, {"250 ok\r\n"}, "") == "RCPT TO:<a@us.example>\r\n");
  CHECK(talk(session, {"250 ok\r\n"}, "") == "RCPT TO:<b@us.example>\r\n");
  CHECK(talk(session, {"250 ok\r\n"}, "") == "DATA\r\n");
}

TEST_CASE("a text is sent with CR LF and doubled dots, however it is cut", "[smtp][client]") {
  const std::string text = "a: b\n\n.\n..x\ny.\n\nend\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    const auto envelope = envelope_of({"a"});
    ClientSession session(settings_of(), envelope);
    for (const char* said : {"220 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n", "354 x\r\n"}) {
      session.receive(said);
    }
    static_cast<void>(session.take_output());
    REQUIRE(session.need() == Need::Text);
    for (std::size_t at = 0; at < text.size(); at += size) {
      session.text(std::string_view(text).substr(at, size));
    }
    session.end_text();
    CHECK(session.take_output() == "a: b\r\n\r\n..\r\n...x\r\ny.\r\n\r\nend\r\n.\r\n");
  }
}

TEST_CASE("nothing is sent when nobody is accepted; a probe sends nothing ever", "[smtp][client]") {
  const auto envelope = envelope_of({"a"});
  {
    ClientSession session(settings_of(), envelope);
    const auto heard = talk(session, {"220 x\r\n", "250 x\r\n", "250 x\r\n", "550 x\r\n"}, "");
    CHECK(heard.ends_with("RCPT TO:<a@us.example>\r\nQUIT\r\n"));
    CHECK(session.outcomes()[0].fate == Fate::Failed);
    CHECK(session.outcomes()[0].status == "5.0.0");
  }
  ClientSession probe(settings_of(true), envelope);
  const auto heard = talk(probe, {"220 x\r\n", "250 x\r\n", "250 x\r\n", "250 2.1.5 x\r\n"}, "");
  CHECK(heard.ends_with("RCPT TO:<a@us.example>\r\nQUIT\r\n"));
  CHECK(probe.outcomes()[0].fate == Fate::Accepted);
}

TEST_CASE("whatever the server says before its reply to the dot, nobody has the message",
          "[smtp][client]") {
  const std::vector<std::string> good = {"220 x\r\n", "250 x\r\n", "250 x\r\n",
                                         "250 x\r\n", "354 x\r\n", "250 x\r\n"};
  for (std::size_t at = 0; at + 1 < good.size(); ++at) {
    for (const char* bad : {"421 4.3.2 closing\r\n", "451 4.0.0 later\r\n", "nonsense\r\n",
                            "250-a\r\n550 b\r\n", "999 x\r\n"}) {
      const auto envelope = envelope_of({"a"});
      ClientSession session(settings_of(), envelope);
      std::vector<std::string> said(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(at));
      said.emplace_back(bad);
      static_cast<void>(talk(session, said, "x\n"));
      session.lost("lost connection");
      INFO(at << " " << bad);
      CHECK(session.need() == Need::Close);
      CHECK(session.outcomes()[0].fate == Fate::Deferred);
    }
  }
}

TEST_CASE("5yz about the host is no reason to send the message back", "[smtp][client]") {
  const auto envelope = envelope_of({"a"});
  for (const std::vector<std::string>& said :
       {std::vector<std::string>{"554 no service\r\n"},
        std::vector<std::string>{"220 x\r\n", "500 no LHLO\r\n"}}) {
    ClientSession session(settings_of(), envelope);
    static_cast<void>(talk(session, said, ""));
    CHECK(session.need() == Need::Close);
    CHECK(session.outcomes()[0].fate == Fate::Deferred);
    CHECK(session.outcomes()[0].reason.find("refused to talk to me") != std::string::npos);
  }
}

TEST_CASE("a connection lost after the dot keeps those who were told", "[smtp][client]") {
  const auto envelope = envelope_of({"a", "b"});
  ClientSession session(settings_of(), envelope);
  static_cast<void>(talk(
      session, {"220 x\r\n", kHello, "250 x\r\n250 x\r\n250 x\r\n", "354 x\r\n", "250 saved\r\n"},
      "x\n"));
  session.lost("lost connection");
  CHECK(session.outcomes()[0].fate == Fate::Delivered);
  CHECK(session.outcomes()[1].fate == Fate::Deferred);
  CHECK(session.outcomes()[1].reason.find("may be sent more than once") != std::string::npos);
}

TEST_CASE("a 2yz to DATA is no delivery", "[smtp][client]") {
  const auto envelope = envelope_of({"a"});
  ClientSession session(settings_of(), envelope);
  static_cast<void>(
      talk(session, {"220 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n"}, "x\n"));
  CHECK(session.outcomes()[0].fate == Fate::Deferred);
}

TEST_CASE("an address past ASCII needs SMTPUTF8", "[smtp][client]") {
  auto envelope = envelope_of({"b\xc3\xbcro"});
  envelope.options.smtputf8 = true;
  ClientSession without(settings_of(), envelope);
  static_cast<void>(talk(without, {"220 x\r\n", "250 x\r\n"}, ""));
  CHECK(without.outcomes()[0].fate == Fate::Failed);
  CHECK(without.outcomes()[0].status == "5.6.7");
  ClientSession with(settings_of(), envelope);
  CHECK(talk(with, {"220 x\r\n", "250-x\r\n250 SMTPUTF8\r\n"}, "").ends_with(" SMTPUTF8\r\n"));
}

}  // namespace gatepost::smtp
