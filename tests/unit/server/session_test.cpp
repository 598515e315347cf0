// SPDX-License-Identifier: Apache-2.0
// server: sessions over loopback, with doubles for store, directory and log.
#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "base/loop.h"
#include "server/reception.h"
#include "support/server_doubles.h"

using namespace gatepost;
using namespace std::literals;

namespace {

struct Failures final : net::TaskWatch {
  void task_failed(std::string_view, std::string_view detail) override {
    FAIL(std::string(detail));
  }
};

/// A reception on loopback and a client that talks to it by turns of one loop.
struct House {
  asio::io_context loop;
  net::Deadlines deadlines{loop};
  test::StoppedClock clock;
  log::Counters counters;
  std::vector<std::string> lines;
  log::Log log{{}, std::make_unique<test::Lines>(lines), clock, counters};
  test::MemoryStore store;
  server::Floor floor{log, store, nullptr, deadlines, clock};
  Failures failures;
  net::TaskGroup tasks{loop, failures};
  server::Reception reception{floor, tasks};
  std::shared_ptr<server::Profile> profile = std::make_shared<server::Profile>();
  std::shared_ptr<test::MapDirectory> directory = std::make_shared<test::MapDirectory>();

  House() {
    profile->hostname = "mx.example.com";
    profile->myorigin = "example.com";
    profile->directory = directory;
    for (auto& service : profile->services) {
      service.session.hostname = "mx.example.com";
      service.session.banner = "mx.example.com ESMTP";
      service.session.error_sleep_time = 0ms;
      service.relay_rules = {{policy::AccessRule::PermitMynetworks},
                             {policy::AccessRule::RejectUnauthDestination}};
    }
    reception.configure(profile);
    auto listener = net::Listener::open(loop, *Endpoint::parse("127.0.0.1:0"));
    REQUIRE(listener);
    reception.open(server::Service::Smtp, *std::move(listener));
  }

  /// Sessions refer to what stands above: they end before it does.
  ~House() {
    reception.shut_down();
    reception.abandon();
    for (int turns = 0; turns < 1000 && tasks.running() > 0; ++turns) loop.run_one_for(10ms);
    deadlines.stop();
    loop.poll();
  }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  [[nodiscard]] bool logged(std::string_view part) const {
    return std::any_of(lines.begin(), lines.end(),
                       [part](const std::string& line) { return line.find(part) != line.npos; });
  }
  template <class Until>
  void turn_until(Until&& until) {
    for (int turns = 0; turns < 100'000 && !until(); ++turns) loop.run_one_for(100ms);
    REQUIRE(until());
  }
};

struct Client {
  House& house;
  TcpSocket socket;
  std::string heard;
  bool closed = false;

  explicit Client(House& h) : house(h), socket(h.loop) {
    const auto where = house.reception.listening().front().second;
    socket.connect({asio::ip::make_address(where.address.text()), where.port});
    socket.non_blocking(true);
  }
  void hear() {
    std::array<char, 4096> buffer{};
    std::error_code error;
    const auto got = socket.read_some(asio::buffer(buffer), error);
    heard.append(buffer.data(), got);
    closed = closed || (error && error != asio::error::would_block);
  }
  void say(std::string_view text) {
    std::error_code error;
    while (!text.empty() && !error) {
      const auto sent = socket.write_some(asio::buffer(text.data(), text.size()), error);
      text.remove_prefix(sent);
      if (error == asio::error::would_block) {
        error.clear();
        house.loop.run_one_for(10ms);
      }
    }
  }
  /// Says `text` and waits until the last line heard begins with `reply`.
  std::string ask(std::string_view text, std::string_view reply) {
    heard.clear();
    say(text);
    house.turn_until([&] {
      hear();
      return closed || heard.find("\r\n" + std::string(reply)) != heard.npos ||
             heard.starts_with(reply);
    });
    INFO(heard);
    REQUIRE((heard.starts_with(reply) || heard.find("\r\n" + std::string(reply)) != heard.npos));
    return heard;
  }
  void until_closed() {
    house.turn_until([&] {
      hear();
      return closed;
    });
  }
};

struct CountedWakes final : server::Handover {
  int wakes = 0;
  Task<std::optional<smtp::Reply>> probe(const mail::Mailbox&,
                                         policy::DomainClass,
                                         const mail::Mailbox&) override {
    co_return std::nullopt;
  }
  void wake() override { ++wakes; }
};

constexpr std::string_view kHello = "EHLO client.example\r\n";
constexpr std::string_view kEnvelope = "MAIL FROM:<s@x.example>\r\nRCPT TO:<alice@example.com>\r\n";

}  // namespace

TEST_CASE("a message is stored with its trace before 250 is said", "[server]") {
  House house;
  Client client(house);
  client.ask("", "220 mx.example.com ESMTP");
  client.ask(kHello, "250 ");
  client.ask(std::string(kEnvelope) + "DATA\r\n", "354 ");
  const std::string reply =
      client.ask("Subject: hi\r\nMessage-ID: <m@x.example>\r\n\r\n..dots\r\n.\r\n", "250 2.0.0");
  REQUIRE(house.store.kept.size() == 1);
  const test::Kept& kept = house.store.kept.front();
  CHECK(reply == "250 2.0.0 Ok: queued as " + kept.request.id + "\r\n");
  CHECK(kept.text == "Subject: hi\nMessage-ID: <m@x.example>\n\n.dots\n");
  REQUIRE(kept.request.local.size() == 1);
  CHECK(kept.request.local.front().maildir == "/mail/alice");
  CHECK(kept.request.received.starts_with("Received: from client.example (unknown [127.0.0.1])"));
  CHECK(kept.request.received.find("for <alice@example.com>;") != std::string::npos);
  client.ask("QUIT\r\n", "221 2.0.0 Bye");
  client.until_closed();
  house.turn_until([&] { return house.reception.sessions() == 0; });
  CHECK(house.logged(kept.request.id + ": client=unknown[127.0.0.1]"));
  CHECK(house.logged("message-id=<m@x.example>"));
  CHECK(house.logged("status=sent (delivered to maildir)"));
  CHECK(house.logged(kept.request.id + ": removed"));
  CHECK(house.logged(
      "disconnect from unknown[127.0.0.1] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5"));
}

TEST_CASE("the queue is looked at when something came into it, not for each mail to a mailbox",
          "[server]") {
  House house;
  house.directory->trusts_loopback = true;
  CountedWakes queue;
  house.floor.handover = &queue;
  Client client(house);
  client.ask("", "220 ");
  client.ask(kHello, "250 ");
  client.ask(std::string(kEnvelope) + "DATA\r\n", "354 ");
  client.ask("Subject: hi\r\n\r\n.\r\n", "250 2.0.0");
  CHECK(queue.wakes == 0);
  client.ask(std::string(kEnvelope) + "RCPT TO:<r@elsewhere.example>\r\nDATA\r\n", "354 ");
  client.ask("Subject: hi\r\n\r\n.\r\n", "250 2.0.0");
  CHECK(queue.wakes == 1);
}

TEST_CASE("refusals have a footer, and the log has not", "[server][talk]") {
  House house;
  server::Manners& manners = house.profile->manners[0];
  manners.footer =
      "\\c. Call us:\\n$client_name[$client_address] $helo_name $sender $recipient_domain";
  manners.allowed = "abcdefghijklmnopqrstuvwxyz.@0123456789";
  house.directory->talks[{server::Talk::Footer, 0, "500 5.5.2 Error: command not recognized"}] =
      "At $localtime by $server_name$sender_name";
  Client client(house);
  client.ask("", "220 ");
  client.ask("EHLO <client>\r\n", "250 ");
  client.ask("MAIL FROM:<s@x.example>\r\n", "250 2.1.0 Ok\r\n");
  CHECK(client.ask("RCPT TO:<r@elsewhere.example>\r\n", "554 5.7.1") ==
        "554-5.7.1 <r@elsewhere.example>: Relay access denied. Call us:\r\n"
        "554 5.7.1 unknown[127.0.0.1] _client_ s@x.example elsewhere.example\r\n");
  CHECK(house.logged("<r@elsewhere.example>: Relay access denied; from=<s@x.example>"));
  const std::string said = client.ask("BOGUS\r\n", "5");
  CHECK(said.find("At ") != std::string::npos);
  client.ask("QUIT\r\n", "221 2.0.0 Bye\r\n");
}

TEST_CASE("tables change what a client says, and what it is offered", "[server][talk]") {
  House house;
  house.directory->talks[{server::Talk::CommandFilter, 0, "HELO"}] = "HELO domain.invalid";
  house.directory->talks[{server::Talk::EhloKeywords, 0, "127.0.0.1"}] = "dsn";
  Client client(house);
  client.ask("", "220 ");
  client.ask("HELO\r\n", "250 mx.example.com\r\n");
  CHECK(
      house.logged("unknown[127.0.0.1]: replacing client command \"HELO\" with "
                   "\"HELO domain.invalid\""));
  CHECK(client.ask(kHello, "250 ").find("DSN") == std::string::npos);
  CHECK(house.logged("discarding EHLO keywords: DSN"));
  house.directory->talks[{server::Talk::EhloKeywords, 0, "127.0.0.1"}] = "chunking silent-discard";
  CHECK(client.ask(kHello, "250 ").find("DSN") != std::string::npos);
  CHECK_FALSE(house.logged("CHUNKING"));
}

TEST_CASE("what is only warned of is told, and no more", "[server]") {
  House house;
  house.profile->services[0].client_rules = {{.rule = policy::AccessRule::Reject, .warn = true}};
  Client client(house);
  client.ask("", "220 ");
  client.ask(kHello, "250 ");
  client.ask(kEnvelope, "250 2.1.5");
  CHECK(
      house.logged("NOQUEUE: reject_warning: RCPT from unknown[127.0.0.1]: 554 5.7.1 "
                   "<unknown[127.0.0.1]>: Client host rejected: Access denied; "
                   "from=<s@x.example> to=<alice@example.com>"));
}

TEST_CASE("strangers may not send to strangers, our networks may, and it is queued", "[server]") {
  House house;
  Client stranger(house);
  stranger.ask("", "220 ");
  stranger.ask(kHello, "250 ");
  stranger.ask("MAIL FROM:<s@x.example>\r\n", "250 2.1.0");
  stranger.ask("RCPT TO:<r@elsewhere.example>\r\n",
               "554 5.7.1 <r@elsewhere.example>: Relay access denied");
  CHECK(
      house.logged("NOQUEUE: reject: RCPT from unknown[127.0.0.1]: 554 5.7.1 "
                   "<r@elsewhere.example>: Relay access denied; from=<s@x.example> "
                   "to=<r@elsewhere.example> proto=ESMTP helo=<client.example>"));
  house.directory->trusts_loopback = true;
  stranger.ask("RCPT TO:<r@elsewhere.example> NOTIFY=NEVER\r\n", "250 2.1.5");
  stranger.ask("DATA\r\n", "354 ");
  stranger.ask("x\r\n.\r\n", "250 2.0.0");
  REQUIRE(house.store.kept.size() == 1);
  const auto& request = house.store.kept.front().request;
  CHECK(request.local.empty());
  REQUIRE(request.envelope.recipients.size() == 1);
  CHECK(request.envelope.recipients.front().notify.never);
  CHECK_FALSE(house.logged(": removed"));
}

TEST_CASE("recipients are known, unknown, or not to be found out now", "[server]") {
  House house;
  Client client(house);
  client.ask("", "220 ");
  client.ask(kHello, "250 ");
  client.ask("MAIL FROM:<>\r\n", "250 2.1.0");
  client.ask("RCPT TO:<nobody@example.com>\r\n", "550 5.1.1 <nobody@example.com>: Recipient");
  client.ask("RCPT TO:<nobody@backup.example>\r\n", "550 5.1.1");
  client.ask("RCPT TO:<any@backup.example>\r\n", "250 2.1.5");
  client.ask("RCPT TO:<carol@virtual.example>\r\n", "250 2.1.5");
  client.ask("RCPT TO:<postmaster>\r\n", "250 2.1.5");
  client.ask("RCPT TO:<POSTMASTER@virtual.example>\r\n", "250 2.1.5");
  client.ask("RCPT TO:<bob>\r\n", "250 2.1.5");
  client.ask("RCPT TO:<bob@[127.0.0.1]>\r\n", "250 2.1.5");
  house.directory->broken = true;
  client.ask("RCPT TO:<alice@example.com>\r\n", "451 4.3.0");
  client.ask("RCPT TO:<postmaster>\r\n", "250 2.1.5");
  client.ask("DATA\r\n", "354 ");
  client.ask(".\r\n", "250 2.0.0");
  REQUIRE(house.store.kept.size() == 1);
  const auto& request = house.store.kept.front().request;
  // carol, postmaster and bob: two spellings of one mailbox are one copy.
  CHECK(request.local.size() == 3);
  CHECK(request.envelope.recipients.size() == 1);
}

TEST_CASE("a store that fails gives 4xx, drops the text and the session goes on", "[server]") {
  House house;
  Client client(house);
  client.ask("", "220 ");
  client.ask(kHello, "250 ");
  house.store.promise_error = Error{Cause::Temporary, "fsync", EIO};
  client.ask(std::string(kEnvelope) + "DATA\r\n", "354 ");
  client.ask("x\r\n.\r\n", "451 4.3.0");
  house.store.promise_error = Error{Cause::Temporary, "write", ENOSPC};
  client.ask(std::string(kEnvelope) + "DATA\r\n", "354 ");
  client.ask("x\r\n.\r\n", "452 4.3.1");
  // The same another time: no reason to come again.
  house.store.promise_error = Error{Cause::Permanent, "record", EMSGSIZE};
  client.ask(std::string(kEnvelope) + "DATA\r\n", "354 ");
  client.ask("x\r\n.\r\n", "552 5.5.3");
  house.store.full_at = 10;
  house.store.drain_error = Error{Cause::Temporary, "write", ENOSPC};
  client.ask(std::string(kEnvelope) + "DATA\r\n", "354 ");
  client.ask("a long line of text\r\nand another\r\n.\r\n", "452 4.3.1");
  CHECK(house.store.dropped == 4);
  CHECK(house.floor.text_in_memory == 0);
  client.ask(std::string(kEnvelope) + "DATA\r\n", "354 ");
  client.ask("x\r\n.\r\n", "250 2.0.0");
}

TEST_CASE("no room on the disk is said at MAIL", "[server]") {
  House house;
  house.store.octets_free = 1000;
  Client client(house);
  client.ask("", "220 ");
  client.ask(kHello, "250 ");
  client.ask("MAIL FROM:<s@x.example>\r\n", "452 4.3.1 Insufficient system storage");
  house.store.octets_free = 1ULL << 40;
  client.ask("MAIL FROM:<s@x.example>\r\n", "250 2.1.0");
}

TEST_CASE("mail that was delivered to the same mailbox before is a loop", "[server]") {
  House house;
  Client client(house);
  client.ask("", "220 ");
  client.ask(kHello, "250 ");
  client.ask(std::string(kEnvelope) + "DATA\r\n", "354 ");
  client.ask("Delivered-To: Alice@example.com\r\n\r\nx\r\n.\r\n", "554 5.4.6");
  CHECK(house.store.kept.empty());
  CHECK(house.store.dropped == 1);
}

TEST_CASE("a client that vanishes in its text leaves nothing", "[server]") {
  House house;
  {
    Client client(house);
    client.ask("", "220 ");
    client.ask(kHello, "250 ");
    client.ask(std::string(kEnvelope) + "DATA\r\n", "354 ");
    client.say("half a mess");
  }
  house.turn_until([&] { return house.reception.sessions() == 0; });
  CHECK(house.store.kept.empty());
  CHECK(house.store.dropped == 1);
  CHECK(house.logged("lost connection after DATA"));
}

TEST_CASE("one client has a limited number of connections", "[server]") {
  House house;
  house.profile->services[0].client_connections = 2;
  Client one(house);
  one.ask("", "220 ");
  Client two(house);
  two.ask("", "220 ");
  Client three(house);
  three.ask("", "421 4.7.0 mx.example.com Error: too many connections from 127.0.0.1");
  three.until_closed();
  CHECK(house.logged("Connection concurrency limit exceeded: 3 from unknown[127.0.0.1]"));
  one.ask("QUIT\r\n", "221 ");
  one.until_closed();
  house.turn_until([&] { return house.reception.sessions() == 1; });
  Client four(house);
  four.ask("", "220 ");
  house.directory->unlimited = true;
  Client five(house);
  five.ask("", "220 ");
}

TEST_CASE("a full house says so", "[server]") {
  House house;
  house.profile->sessions = 1;
  Client idle(house);
  idle.ask("", "220 ");
  // Whose recipient was accepted stays; who has shown nothing makes room.
  Client busy(house);
  busy.ask("", "220 ");
  idle.ask("", "421 4.3.2 All server ports are busy");
  busy.ask(kHello, "250 ");
  busy.ask(kEnvelope, "250 2.1.5");
  Client two(house);
  two.ask("", "421 4.3.2 All server ports are busy");
  busy.ask("RSET\r\n", "250 ");
}

TEST_CASE("whom no limits are for is not sent away", "[server]") {
  House house;
  house.profile->sessions = 1;
  house.directory->unlimited = true;
  Client one(house);
  one.ask("", "220 ");
  Client two(house);
  two.ask("", "421 4.3.2 All server ports are busy");
  one.ask("NOOP\r\n", "250 ");
}

TEST_CASE("a shutdown lets a text finish and tells the idle", "[server]") {
  House house;
  Client idle(house);
  idle.ask("", "220 ");
  Client busy(house);
  busy.ask("", "220 ");
  busy.ask(kHello, "250 ");
  busy.ask(std::string(kEnvelope) + "DATA\r\n", "354 ");
  busy.say("first line\r\n");
  house.reception.shut_down();
  idle.ask("", "421 4.3.2");
  idle.until_closed();
  busy.ask("second\r\n.\r\n", "250 2.0.0");
  busy.until_closed();
  house.turn_until([&] { return house.reception.sessions() == 0; });
  CHECK(house.store.kept.size() == 1);
}

TEST_CASE("a client that talks before the greeting is turned away", "[server]") {
  House house;
  TcpSocket early(house.loop);
  const auto where = house.reception.listening().front().second;
  early.connect({asio::ip::make_address(where.address.text()), where.port});
  early.send(asio::buffer("EHLO eager.example\r\n", 20));
  house.turn_until([&] { return house.logged("improper command pipelining after CONNECT"); });
  std::array<char, 256> buffer{};
  const auto got = early.read_some(asio::buffer(buffer));
  CHECK(std::string_view(buffer.data(), got).starts_with("554 5.5.0"));
  house.turn_until([&] { return house.reception.sessions() == 0; });
}

TEST_CASE("pipelined commands are answered in order, across waits", "[server]") {
  House house;
  Client client(house);
  client.ask("", "220 ");
  client.ask(kHello, "250 ");
  std::string talk = "MAIL FROM:<s@x.example>\r\n";
  for (int i = 0; i < 300; ++i) talk += "RCPT TO:<nobody" + std::to_string(i) + "@example.com>\r\n";
  house.profile->services[0].session.hard_error_limit = 1000;
  client.ask(talk + "RSET\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<bob@example.com>\r\n",
             "250 2.1.5");
  const auto last = client.heard.find("<nobody299@example.com>");
  CHECK(client.heard.find("<nobody0@example.com>") < client.heard.find("<nobody1@example.com>"));
  CHECK(last != std::string::npos);
}

TEST_CASE("members of a list that are full are left out, whoever else takes it", "[server]") {
  House house;
  server::Target full =
      test::MapDirectory::target("/mail/full", "full@example.com", policy::DomainClass::Local);
  full.quota.octets = 1000;
  house.store.uses["/mail/full"] = {1000, 1};
  auto& aliases = house.directory->aliases;
  aliases["team@example.com"].mailboxes = {
      full, test::MapDirectory::target("/mail/bob", "bob@example.com", policy::DomainClass::Local)};
  aliases["far@example.com"].mailboxes = {full};
  aliases["far@example.com"].others = {{"x", "elsewhere.example"}};
  aliases["one@example.com"].mailboxes = {full};
  Client client(house);
  client.ask("", "220 ");
  client.ask(kHello, "250 ");
  client.ask("MAIL FROM:<s@x.example>\r\n", "250 ");
  client.ask("RCPT TO:<one@example.com>\r\n", "552 5.2.2");
  client.ask("RSET\r\n", "250 ");
  for (const std::string to : {"team", "far"}) {
    client.ask("MAIL FROM:<s@x.example>\r\nRCPT TO:<" + to + "@example.com>\r\nDATA\r\n", "354 ");
    client.ask("Subject: x\r\n\r\nx\r\n.\r\n", "250 2.0.0");
    CHECK(house.logged("sender non-delivery notification"));
    for (const test::Kept& kept : house.store.kept) {
      for (const storage::LocalCopy& copy : kept.request.local) CHECK(copy.maildir == "/mail/bob");
    }
    CHECK(house.logged("to=<full@example.com>, orig_to=<" + to + "@example.com>"));
  }
  CHECK(house.logged("dsn=5.2.2, status=bounced"));
  REQUIRE(house.store.kept.size() == 4);
  // Stored behind the message.
  const test::Kept& report = house.store.kept[1];
  REQUIRE(report.request.envelope.recipients.size() == 1);
  CHECK(report.request.envelope.recipients.front().mailbox.text() == "s@x.example");
  CHECK(report.request.envelope.sender.empty());
  CHECK(report.text.find("Final-Recipient: rfc822;full@example.com") != std::string::npos);
  CHECK(report.text.find("Subject: x\n") != std::string::npos);
  // What came from nobody is told to nobody.
  client.ask("MAIL FROM:<>\r\nRCPT TO:<team@example.com>\r\nDATA\r\n", "354 ");
  client.ask("Subject: x\r\n\r\nx\r\n.\r\n", "250 2.0.0");
  CHECK(house.store.kept.size() == 5);
}

TEST_CASE("who is left out is told of when the message is stored, and not before", "[server]") {
  House house;
  server::Target full =
      test::MapDirectory::target("/mail/full", "full@example.com", policy::DomainClass::Local);
  full.quota.octets = 1000;
  house.store.uses["/mail/full"] = {1000, 1};
  house.directory->aliases["team@example.com"].mailboxes = {
      full, test::MapDirectory::target("/mail/bob", "bob@example.com", policy::DomainClass::Local)};
  const std::string mail = "MAIL FROM:<s@x.example>\r\nRCPT TO:<team@example.com>\r\nDATA\r\n";
  Client client(house);
  client.ask("", "220 ");
  client.ask(kHello, "250 ");
  for (int tries = 0; tries < 3; ++tries) {
    house.store.promise_error = Error{Cause::Temporary, "open new", ENOTDIR};
    client.ask(mail, "354 ");
    client.ask("Subject: x\r\n\r\nx\r\n.\r\n", "451 4.3.0");
    CHECK(house.store.kept.empty());
  }
  house.store.second_promise_error = Error{Cause::Temporary, "the report's disk", EIO};
  client.ask(mail, "354 ");
  client.ask("Subject: x\r\n\r\nx\r\n.\r\n", "250 2.0.0");
  REQUIRE(house.store.kept.size() == 1);
  CHECK(house.store.kept[0].request.local.at(0).maildir == "/mail/bob");
  CHECK(house.logged("report: the report's disk"));
  client.ask(mail, "354 ");
  client.ask("Subject: x\r\n\r\nx\r\n.\r\n", "250 2.0.0");
  REQUIRE(house.store.kept.size() == 3);
  CHECK(house.store.kept[2].text.find("Final-Recipient: rfc822;full@example.com") !=
        std::string::npos);
}
