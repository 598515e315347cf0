// SPDX-License-Identifier: Apache-2.0
// unit: clients that have not proved themselves are watched: what is told, and when.
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "smtp/extensions.h"
#include "smtp/replies.h"
#include "smtp/server_session.h"
#include "support/play.h"

using namespace gatepost;
using namespace gatepost::smtp;

namespace {

/// A session whose driver does what `heard` says about each note.
struct Watched {
  SessionSettings settings = support::plain_settings();
  PeerFacts facts;
  std::unique_ptr<ServerSession> session;
  std::function<void(ServerSession&, const Note&)> heard = [](auto&, auto&) {};
  std::vector<std::string> said, notes;
  bool closed = false;
  bool refuses = false;

  Watched() { facts.watch = {true, true, true, true, 20, Duration(10'000)}; }

  void gets(std::string_view input, Instant now = {}) {
    if (!session) {
      session = std::make_unique<ServerSession>(settings, facts, now);
      // Greets.
      if (!facts.judged) gets({}, now);
    }
    for (;;) {
      Step step = session->next(input, now);
      if (std::holds_alternative<step::NeedInput>(step)) return;
      if (std::holds_alternative<step::HangUp>(step)) {
        closed = true;
        return;
      }
      if (auto* say = std::get_if<step::Say>(&step)) said.push_back(format_reply(say->reply));
      if (auto* tell = std::get_if<step::Tell>(&step)) {
        notes.push_back(std::to_string(static_cast<int>(tell->note.kind)) + " " + tell->note.after +
                        ": " + tell->note.text);
        heard(*session, tell->note);
      }
      if (std::holds_alternative<step::AskSender>(step)) session->answer({{250, "2.1.0", "Ok"}});
      if (std::holds_alternative<step::AskRecipient>(step)) {
        session->answer(refuses ? Ruling{{550, "5.7.1", "no"}} : Ruling{{250, "2.1.5", "Ok"}});
      }
      if (std::holds_alternative<step::AskText>(step)) session->answer({{250, "", ""}});
      if (std::holds_alternative<step::AskCommit>(step)) session->answer({{250, "", "queued"}});
    }
  }
};

std::string note(Note::Kind kind, std::string_view rest) {
  return std::to_string(static_cast<int>(kind)) + " " + std::string(rest);
}

}  // namespace

TEST_CASE("who is watched is not offered PIPELINING", "[smtp][watch]") {
  Watched play;
  play.gets("EHLO c.example\r\n");
  CHECK(play.said.back().find("PIPELINING") == std::string::npos);
  CHECK(play.said.back().find("8BITMIME") != std::string::npos);
  CHECK(play.notes.empty());
  // Nor is who is watched for other things.
  Watched other;
  other.facts.watch.pipelining = false;
  other.gets("EHLO c.example\r\n");
  CHECK(other.said.back().find("PIPELINING") == std::string::npos);
}

TEST_CASE("each fault is told once, with where it was", "[smtp][watch]") {
  Watched play;
  play.gets("EHLO c.example\n");
  CHECK(play.notes == std::vector{note(Note::Kind::BareNewline, "CONNECT: EHLO c.example")});
  play.gets("NOOP\n");
  play.gets("Mail FROM:<a@x.example>\r\nRCPT TO:<alice@example.com>\r\nNOOP\r\n");
  REQUIRE(play.notes.size() == 2);
  CHECK(play.notes[1] ==
        note(Note::Kind::Impatience, "Mail: RCPT TO:<alice@example.com>\r\nNOOP\r\n"));
  // What comes of it without a word from the driver is what came of it before.
  CHECK(play.said.back() == "250 2.0.0 Ok");
}

TEST_CASE("the driver may end the session before the command is looked at", "[smtp][watch]") {
  Watched play;
  play.heard = [](ServerSession& session, const Note&) {
    session.dismiss({521, "5.5.1", "Protocol error"});
  };
  play.gets("EHLO c.example\r\nMAIL FROM:<a@x.example>\r\n");
  CHECK(play.said ==
        std::vector<std::string>{"220 mx.example.com ESMTP gatepost", "521 5.5.1 Protocol error"});
  CHECK(play.closed);
}

TEST_CASE("who is refused anyway may break rules that end other sessions", "[smtp][watch]") {
  Watched play;
  play.refuses = true;
  play.heard = [](ServerSession& session, const Note&) { session.distrust(); };
  play.settings.bare_newline = BareNewline::Reject;
  play.gets("GET / HTTP/1.1\r\n");
  CHECK(play.notes.back() == note(Note::Kind::NotSmtp, "CONNECT: GET / HTTP/1.1"));
  CHECK(play.said.back() == "500 5.5.2 Error: command not recognized");
  play.gets("HELO c.example\nMAIL FROM:<a@x.example>\nRCPT TO:<b@example.com>\n");
  CHECK(play.said.back() == "550 5.7.1 no");
  play.gets("DATA\r\n");
  CHECK(play.notes.back() == note(Note::Kind::NoRecipients, "DATA: DATA"));
}

TEST_CASE("a text without a recipient ends the session of a watched client", "[smtp][watch]") {
  const std::pair<std::string, std::string> cases[] = {
      {"DATA\r\n", "503 5.5.1 Error: need RCPT command"},
      {"MAIL FROM:<a@x.example>\r\nDATA\r\n", "554 5.5.1 Error: no valid recipients"},
      {"BDAT 1000 LAST\r\n", "503 5.5.1 Error: need RCPT command"},
      {"MAIL FROM:<a@x.example>\r\nBDAT\r\n", "501 5.5.4 Syntax: BDAT count [LAST]"},
  };
  for (const auto& [input, reply] : cases) {
    INFO(input);
    Watched play;
    play.facts.watch.pipelining = false;
    play.gets("EHLO c.example\r\n");
    play.gets(input);
    CHECK(play.notes.size() == 1);
    CHECK(play.said.back() == reply);
    CHECK(play.closed);
    // Of others it does not.
    Watched plain;
    plain.facts.watch = {};
    plain.gets("EHLO c.example\r\n");
    plain.gets("DATA\r\n");
    CHECK_FALSE(plain.closed);
  }
}

TEST_CASE("only what is no command at all is none of SMTP", "[smtp][watch]") {
  Watched play;
  play.gets("NOOP \xff\xfe\r\n");
  play.gets("XYZZY \xff\xfe\r\n");
  CHECK(play.notes.empty());
  play.gets("\xff\xfe NOOP\r\n");
  REQUIRE_FALSE(play.notes.empty());
  CHECK(play.notes.front() == note(Note::Kind::NotSmtp, "UNKNOWN: \xff\xfe NOOP"));
}

TEST_CASE("who is under test may break rules where the driver lets it pass", "[smtp][watch]") {
  Watched play;
  play.settings.starttls_offered = true;
  play.settings.bare_newline = BareNewline::Reject;
  play.gets("GET / HTTP/1.1\r\n");
  CHECK(play.said.back() == "500 5.5.2 Error: command not recognized");
  play.gets("EHLO c.example\nNOOP\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@example.com>\r\n");
  CHECK(play.said.back() == "250 2.1.5 Ok");
  CHECK(play.notes.size() == 3);
  play.session->trust();
  play.gets("GET / HTTP/1.1\r\n");
  CHECK(play.said.back() == "221 2.7.0 Error: I can break rules, too. Goodbye.");
  CHECK(play.closed);
}

TEST_CASE("commands are counted, and long lines end the session, while it is watched",
          "[smtp][watch]") {
  Watched play;
  play.facts.watch.command_limit = 3;
  for (int n = 0; n < 3; ++n) play.gets("NOOP\r\n");
  CHECK(play.notes.empty());
  play.gets("NOOP\r\n");
  CHECK(play.notes.back() == note(Note::Kind::CommandCount, "NOOP: "));
  CHECK(play.said.back() == "421 mx.example.com Service unavailable - try again later");
  CHECK(play.closed);

  Watched longer;
  longer.gets(std::string(3000, 'x') + "\r\n");
  CHECK(longer.notes.back() == note(Note::Kind::CommandLength, "CONNECT: "));
  CHECK(longer.closed);

  // Its end is not waited for.
  Watched endless;
  endless.gets("NOOP\r\n");
  endless.gets(std::string(3000, 'x'));
  CHECK(endless.notes.back() == note(Note::Kind::CommandLength, "NOOP: "));
  CHECK(endless.closed);

  Watched trusted;
  trusted.facts.watch.command_limit = 1;
  trusted.gets("NOOP\r\n");
  trusted.session->trust();
  trusted.gets("NOOP\r\n");
  trusted.gets("NOOP\n");
  CHECK(trusted.notes == std::vector{note(Note::Kind::BareNewline, "NOOP: NOOP")});
  CHECK_FALSE(trusted.closed);
}

TEST_CASE("a command line has its time as a whole, while it is watched", "[smtp][watch]") {
  const Instant start{};
  Watched play;
  play.gets("", start);
  play.gets("NO", start + Duration(9'000));
  CHECK_FALSE(play.closed);
  play.gets("", start + Duration(10'000));
  CHECK(play.said.back() == "421 4.4.2 mx.example.com Error: timeout exceeded");
  CHECK(play.closed);
}

TEST_CASE("credentials are in no note of a watched client", "[smtp][watch]") {
  Watched play;
  play.gets("EHLO c.example\r\nAUTH PLAIN AGEAYg==\r\n");
  REQUIRE_FALSE(play.notes.empty());
  CHECK(play.notes.front().find("AGEAYg") == std::string::npos);
  Watched bare;
  bare.gets("AUTH PLAIN AGEAYg==\n");
  bare.gets("AGEAYg==\nNOOP\n");
  REQUIRE(bare.notes.size() > 1);
  for (const std::string& one : bare.notes) CHECK(one.find("AGEAYg") == std::string::npos);
}

TEST_CASE("who talked early and was judged is greeted or not, as the gate has it",
          "[smtp][watch]") {
  Watched play;
  play.facts.judged = true;
  play.facts.greeted = true;
  play.gets("EHLO c.example\r\n");
  CHECK(play.said.front().starts_with("250"));
}

namespace {

/// Replaces what it knows, and hides what it is told to.
struct Changes final : Variation {
  std::string asked;
  ExtensionSet hides = 0;
  std::optional<std::string> replace(std::string_view line) override {
    asked = line;
    if (line == "GET / HTTP/1.1") return "NOOP";
    if (line == "HELO") return "HELO domain.invalid";
    if (line.empty()) return "NOOP";
    if (line == "NOOP") return "BOGUS: x";
    return std::nullopt;
  }
  ExtensionSet hidden() override { return hides; }
};

}  // namespace

TEST_CASE("a filtered command is obeyed, and watched, as what it became", "[smtp][watch]") {
  Watched watched;
  Changes changes;
  watched.facts.variation = &changes;
  watched.gets(" \tGET / HTTP/1.1\r\n\r\nHELO\r\n");
  CHECK(watched.notes.size() == 1);  // Of pipelining.
  CHECK(watched.said == std::vector<std::string>{"220 mx.example.com ESMTP gatepost",
                                                 "250 2.0.0 Ok", "250 2.0.0 Ok",
                                                 "250 mx.example.com"});
  CHECK(watched.session->helo() == "domain.invalid");
  watched.gets("NOOP\r\n");
  CHECK(changes.asked == "NOOP");
  CHECK(watched.notes.back().find("BOGUS: x") != std::string::npos);
}

TEST_CASE("a line that is too long is not filtered", "[smtp][watch]") {
  Watched watched;
  Changes changes;
  watched.facts.variation = &changes;
  watched.gets("HELO\r\n");
  watched.gets(std::string(5000, 'x') + "\r\n");
  CHECK(changes.asked == "HELO");
}

TEST_CASE("what EHLO hides is asked for each time", "[smtp][extensions]") {
  Watched watched;
  Changes changes;
  watched.facts.variation = &changes;
  changes.hides = parse_extensions("chunking Silent-Discard");
  watched.gets("EHLO c.example\r\n");
  CHECK(watched.said.back().find("CHUNKING") == std::string::npos);
  changes.hides = parse_extensions("size");
  watched.gets("EHLO c.example\r\n");
  CHECK(watched.said.back().find("CHUNKING") != std::string::npos);
  CHECK(watched.said.back().find("SIZE") == std::string::npos);
}
