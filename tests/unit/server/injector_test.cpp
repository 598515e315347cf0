// SPDX-License-Identifier: Apache-2.0
// unit: messages made on this machine, with doubles for store, directory and log.
#include "server/injector.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "net/task_group.h"
#include "support/server_doubles.h"

using namespace gatepost;
using namespace std::literals;

namespace {

struct Failures final : net::TaskWatch {
  void task_failed(std::string_view, std::string_view detail) override {
    FAIL(std::string(detail));
  }
};

/// A text that comes in pieces of `step` octets.
class Pieces final : public server::TextSource {
 public:
  Pieces(std::string text, std::size_t step) : text_(std::move(text)), step_(step) {}
  Task<Result<std::string_view>> read() override {
    if (fails) co_return Error{Cause::Temporary, "read", EIO};
    const std::string_view piece = std::string_view(text_).substr(at_, step_);
    at_ += piece.size();
    co_return piece;
  }
  bool fails = false;

 private:
  std::string text_;
  std::size_t step_;
  std::size_t at_ = 0;
};

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
  server::Injector injector{floor};
  std::shared_ptr<server::Profile> profile = std::make_shared<server::Profile>();
  std::shared_ptr<test::MapDirectory> directory = std::make_shared<test::MapDirectory>();

  House() {
    profile->hostname = "mx.example.com";
    profile->mail_name = "gatepost";
    profile->myorigin = "example.com";
    profile->directory = directory;
    injector.configure(profile);
  }

  Task<void> keep(server::Injection injection, std::optional<Result<std::string>>& into) {
    Result<std::string> done = co_await injector.inject(std::move(injection));
    into.emplace(std::move(done));
  }
  Result<std::string> inject(server::Injection injection) {
    std::optional<Result<std::string>> outcome;
    loop.restart();
    tasks.spawn("inject", keep(std::move(injection), outcome));
    for (int turns = 0; turns < 1000 && !outcome; ++turns) loop.run_one_for(10ms);
    deadlines.stop();
    REQUIRE(outcome);
    CHECK(floor.text_in_memory == 0);
    return *std::move(outcome);
  }
  [[nodiscard]] bool logged(std::string_view part) const {
    return std::any_of(lines.begin(), lines.end(),
                       [part](const std::string& line) { return line.find(part) != line.npos; });
  }
};

server::Injection letter(std::vector<std::string> to) {
  server::Injection out;
  out.envelope.sender = {"alice", "example.com"};
  for (const std::string& one : to) {
    const std::size_t at = one.find('@');
    mail::Recipient recipient;
    recipient.mailbox.local = one.substr(0, at);
    if (at != one.npos) recipient.mailbox.domain = one.substr(at + 1);
    out.envelope.recipients.push_back(recipient);
  }
  out.text = "Subject: hi\nMessage-ID: <m@example.com>\n\nbody\n";
  out.uid = 1000;
  out.service = "pickup";
  return out;
}

}  // namespace

TEST_CASE("a local message is stored with its trace and told in Postfix's words", "[server]") {
  House house;
  const auto id = house.inject(letter({"bob", "carol@virtual.example", "x@elsewhere.example"}));
  REQUIRE(id);
  REQUIRE(house.store.kept.size() == 1);
  const test::Kept& kept = house.store.kept.front();
  CHECK(kept.request.id == *id);
  CHECK(kept.request.received == "Received: by mx.example.com (gatepost, from userid 1000)\n\tid " +
                                     *id + "; Sat, 21 Nov 2026 05:40:00 +0000 (UTC)\n");
  CHECK(kept.text == "Subject: hi\nMessage-ID: <m@example.com>\n\nbody\n");
  REQUIRE(kept.request.local.size() == 2);
  CHECK(kept.request.local[0].recipient == "bob@example.com");
  REQUIRE(kept.request.envelope.recipients.size() == 1);
  CHECK(kept.request.envelope.sender.text() == "alice@example.com");
  CHECK(house.logged(*id + ": uid=1000 from=<alice@example.com>"));
  CHECK(house.logged(*id + ": message-id=<m@example.com>"));
  CHECK(house.logged("nrcpt=3 (queue active)"));
  CHECK(house.logged("to=<bob@example.com>"));
}

TEST_CASE("unknown recipients are reported to the sender, the others have the mail", "[server]") {
  House house;
  const auto id = house.inject(letter({"bob", "nobody", "ghost@virtual.example"}));
  REQUIRE(id);
  REQUIRE(house.store.kept.size() == 2);
  const test::Kept& report = house.store.kept[1];
  CHECK(report.request.envelope.sender.empty());
  REQUIRE(report.request.local.size() == 1);
  CHECK(report.request.local[0].maildir == "/mail/alice");
  CHECK(report.request.received.find("(gatepost)\n") != std::string::npos);
  CHECK(report.text.find("Final-Recipient: rfc822;nobody@example.com\n") != std::string::npos);
  CHECK(report.text.find("Final-Recipient: rfc822;ghost@virtual.example\n") != std::string::npos);
  CHECK(report.text.find("Final-Recipient: rfc822;bob") == std::string::npos);
  CHECK(report.text.find("Subject: hi\n") != std::string::npos);
  CHECK(house.store.kept[0].request.id == *id);
  CHECK(house.store.kept[0].request.local.size() == 1);
  CHECK(house.logged("dsn=5.1.1, status=bounced (<nobody@example.com>: Recipient address"));
  CHECK(house.logged(*id + ": sender non-delivery notification: " + report.request.id));
}

TEST_CASE("a sender who cannot be told is told to postmaster", "[server]") {
  House house;
  server::Injection injection = letter({"nobody"});
  injection.envelope.sender = {"root", ""};
  REQUIRE(house.inject(std::move(injection)));
  REQUIRE(house.store.kept.size() == 1);
  CHECK(house.store.kept[0].request.local.at(0).maildir == "/mail/postmaster");
  CHECK(house.logged("postmaster non-delivery notification"));
  injection = letter({"nobody"});
  injection.envelope.sender = {};
  REQUIRE(house.inject(std::move(injection)));
  REQUIRE(house.store.kept.size() == 2);
  CHECK(house.store.kept[1].request.local.at(0).maildir == "/mail/postmaster");
}

TEST_CASE("NOTIFY=NEVER keeps a failure silent", "[server]") {
  House house;
  server::Injection injection = letter({"nobody"});
  injection.envelope.recipients[0].notify.never = true;
  REQUIRE(house.inject(std::move(injection)));
  CHECK(house.store.kept.empty());
  CHECK(house.logged("status=bounced"));
}

TEST_CASE("who asks is told that mail arrived, once, and of a list only that it is one",
          "[server]") {
  House house;
  server::Resolution both;
  both.mailboxes = {
      test::MapDirectory::target("/mail/bob", "bob@example.com", policy::DomainClass::Local),
      test::MapDirectory::target("/mail/dan", "dan@example.com", policy::DomainClass::Local)};
  both.others = {{"x", "elsewhere.example"}};
  house.directory->aliases["team@example.com"] = both;
  server::Injection injection =
      letter({"bob", "carol@virtual.example", "x@elsewhere.example", "team"});
  for (const std::size_t n : {0, 2, 3}) injection.envelope.recipients[n].notify.success = true;
  injection.envelope.options.envelope_id = "E1";
  injection.text += std::string(100, 'x') + "\n";
  REQUIRE(house.inject(std::move(injection)));
  REQUIRE(house.store.kept.size() == 3);
  const auto& queued = house.store.kept[0].request.envelope.recipients;
  REQUIRE(queued.size() == 1);
  CHECK(queued[0].notify.success);  // Whoever delivers it tells.
  const auto has = [&house](std::size_t which, std::string_view part) {
    return house.store.kept[which].text.find(part) != std::string::npos;
  };
  for (const std::size_t which : {1, 2}) {
    CHECK(house.store.kept[which].request.envelope.sender.empty());
    CHECK(house.store.kept[which].request.local.at(0).maildir == "/mail/alice");
    CHECK(has(which, "Original-Envelope-Id: E1\n"));
    CHECK(has(which, "Content-Type: text/rfc822-headers"));
    CHECK(has(which, "Status: 2.0.0\n"));
  }
  CHECK(has(1, "Final-Recipient: rfc822;bob@example.com\n"));
  CHECK(has(1, "Action: delivered\n"));
  CHECK_FALSE(has(1, "carol"));
  CHECK(has(2, "Final-Recipient: rfc822;team@example.com\n"));
  CHECK(has(2, "Action: expanded\n"));
  CHECK_FALSE(has(2, "dan"));
  CHECK(house.logged("sender delivery status notification: "));
}

TEST_CASE("behind a list nobody tells of success, and failures only where they were asked for",
          "[server]") {
  House house;
  server::Resolution away;
  away.others = {{"x", "elsewhere.example"}, {"y", "elsewhere.example"}};
  house.directory->aliases["away@example.com"] = away;
  server::Injection injection = letter({"away"});
  injection.envelope.recipients[0].notify.success = true;
  REQUIRE(house.inject(std::move(injection)));
  CHECK(house.store.kept.at(0).request.envelope.recipients.at(0).notify ==
        mail::Notify{.never = true});
  injection = letter({"away"});
  injection.envelope.recipients[0].notify = {.success = true, .failure = true};
  REQUIRE(house.inject(std::move(injection)));
  CHECK(house.store.kept.at(2).request.envelope.recipients.at(1).notify ==
        mail::Notify{.failure = true});
}

TEST_CASE("an owned list of one is told of as a list", "[server]") {
  House house;
  server::Resolution list;
  list.others = {{"x", "elsewhere.example"}};
  list.owners = {{"owner-list", "example.com"}};
  house.directory->aliases["list@example.com"] = list;
  server::Injection injection = letter({"list"});
  injection.envelope.recipients[0].notify.success = true;
  REQUIRE(house.inject(std::move(injection)));
  REQUIRE(house.store.kept.size() == 2);
  CHECK(house.store.kept[0].request.envelope.sender.text() == "owner-list@example.com");
  const std::string& text = house.store.kept[1].text;
  CHECK(text.find("Final-Recipient: rfc822;list@example.com\nAction: expanded\n") != text.npos);
  CHECK(text.find("elsewhere") == text.npos);
}

TEST_CASE("nothing has arrived that waits, and <> is told nothing", "[server]") {
  House house;
  house.directory->aliases["far@example.com"].others = {{"x", "elsewhere.example"}};
  server::Injection injection = letter({"far"});
  injection.envelope.recipients[0].notify.success = true;
  REQUIRE(house.inject(std::move(injection)));
  REQUIRE(house.store.kept.size() == 1);
  CHECK(house.store.kept[0].request.envelope.recipients.at(0).notify.success);
  injection = letter({"bob"});
  injection.envelope.sender = {};
  injection.envelope.recipients[0].notify.success = true;
  REQUIRE(house.inject(std::move(injection)));
  CHECK(house.store.kept.size() == 2);
}

TEST_CASE("the program's own notice for nobody is an error", "[server]") {
  House house;
  server::Injection notice = letter({"nobody"});
  notice.envelope.sender = {};
  notice.uid.reset();
  const auto failed = house.inject(std::move(notice));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().cause == Cause::Permanent);
  CHECK(house.store.kept.empty());
}

TEST_CASE("what cannot be looked up or stored now stores nothing", "[server]") {
  House house;
  house.directory->broken = true;
  auto failed = house.inject(letter({"bob"}));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().cause == Cause::Temporary);
  house.directory->broken = false;
  house.store.promise_error = Error{Cause::Temporary, "fsync", EIO};
  failed = house.inject(letter({"bob"}));
  REQUIRE_FALSE(failed);
  house.store.full_at = 10;
  house.store.drain_error = Error{Cause::Temporary, "write", ENOSPC};
  failed = house.inject(letter({"bob"}));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().system == ENOSPC);
  Pieces pieces("Subject: x\n\n", 4);
  pieces.fails = true;
  server::Injection injection = letter({"bob"});
  injection.source = &pieces;
  REQUIRE_FALSE(house.inject(std::move(injection)));
  CHECK(house.store.kept.empty());
}

TEST_CASE("a message that cannot be stored makes no report, however often it is tried",
          "[server]") {
  House house;
  for (int tries = 0; tries < 3; ++tries) {
    house.store.promise_error = Error{Cause::Temporary, "fsync", EIO};
    REQUIRE_FALSE(house.inject(letter({"bob", "nobody"})));
    CHECK(house.store.kept.empty());
  }
  REQUIRE(house.inject(letter({"bob", "nobody"})));
  CHECK(house.store.kept.size() == 2);
}

TEST_CASE("who waits while a mailbox is broken is an address that leads there alone", "[server]") {
  House house;
  server::Resolution both;
  both.mailboxes.push_back(
      house.directory->target("/mail/bob", "bob@example.com", policy::DomainClass::Local));
  both.mailboxes.push_back(
      house.directory->target("/mail/dan", "dan@example.com", policy::DomainClass::Local));
  house.directory->aliases["team@example.com"] = both;
  house.directory->aliases["dan@example.com"] = both;
  REQUIRE(house.inject(letter({"team", "alice"})));
  const storage::IntakeRequest& request = house.store.kept.at(0).request;
  CHECK(request.may_wait_alone);
  REQUIRE(request.local.size() == 3);
  REQUIRE(request.local[0].later);
  CHECK(request.local[0].later->mailbox.text() == "bob@example.com");
  CHECK(request.local[0].later->original == "rfc822;team@example.com");
  CHECK_FALSE(request.local[1].later);
  REQUIRE(request.local[2].later);
  CHECK(request.local[2].later->mailbox.text() == "alice@example.com");
  CHECK(request.waits_since == Moment{});
  server::Injection again = letter({"team"});
  again.may_wait = false;
  again.arrived = Moment{} + 5s;
  REQUIRE(house.inject(std::move(again)));
  const storage::IntakeRequest& second = house.store.kept.at(1).request;
  CHECK_FALSE(second.may_wait_alone);
  CHECK(second.local.at(0).later);
  CHECK(second.waits_since == Moment{} + 5s);
}

TEST_CASE("whoever wrote it, mail that fills a mailbox nearly is followed by a warning",
          "[server]") {
  House house;
  server::Target target =
      test::MapDirectory::target("/mail/bob", "bob@example.com", policy::DomainClass::Local);
  target.quota.octets = 10'000;
  house.directory->aliases["bob@example.com"].mailboxes = {target};
  house.store.warns = true;
  REQUIRE(house.inject(letter({"bob"})));
  REQUIRE(house.store.kept.size() == 2);
  CHECK(house.store.kept[1].text.find("nearly full") != std::string::npos);
  server::Injection notice = letter({"bob"});
  notice.uid.reset();
  notice.envelope.sender = {};
  REQUIRE(house.inject(std::move(notice)));
  CHECK(house.store.kept.size() == 4);
}

TEST_CASE("a text in pieces is stored as it is, however it is cut", "[server]") {
  const std::string body(100'000, 'x');
  const std::vector<std::string> texts{"Subject: hi\n\n" + body + "\n", "no header\nat all\n", "",
                                       "Subject: only\n", "\nbody\n"};
  const std::vector<std::string> wanted{texts[0], "\n" + texts[1], "\n", texts[3], texts[4]};
  for (std::size_t n = 0; n < texts.size(); ++n) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{70'000}}) {
      if (step == 1 && texts[n].size() > 1000) continue;
      House house;
      Pieces pieces(texts[n], step);
      server::Injection injection = letter({"bob"});
      injection.source = &pieces;
      REQUIRE(house.inject(std::move(injection)));
      REQUIRE(house.store.kept.size() == 1);
      CHECK(house.store.kept[0].text == wanted[n]);
    }
  }
}

TEST_CASE("who had the message before does not get it again", "[server]") {
  House house;
  server::Injection injection = letter({"bob", "alice"});
  injection.text = "Delivered-To: bob@example.com\n" + injection.text;
  REQUIRE(house.inject(std::move(injection)));
  REQUIRE(house.store.kept.size() == 2);
  CHECK(house.store.kept[1].text.find("Status: 5.4.6") != std::string::npos);
  REQUIRE(house.store.kept[0].request.local.size() == 1);
  CHECK(house.store.kept[0].request.local[0].maildir == "/mail/alice");
}

TEST_CASE("a text past the limits goes back to its sender", "[server]") {
  House house;
  for (auto& service : house.profile->services) service.session.message_size_limit = 1000;
  server::Injection injection = letter({"bob"});
  injection.text += std::string(1000, 'x') + "\n";
  REQUIRE(house.inject(std::move(injection)));
  REQUIRE(house.store.kept.size() == 1);
  CHECK(house.store.kept[0].request.local.at(0).maildir == "/mail/alice");
  CHECK(house.store.kept[0].text.find("Status: 5.3.4") != std::string::npos);
  injection = letter({"bob"});
  std::string trail;
  for (int n = 0; n < 51; ++n) trail += "Received: x\n";
  injection.text = trail + "\n";
  for (auto& service : house.profile->services) service.session.message_size_limit = 0;
  REQUIRE(house.inject(std::move(injection)));
  REQUIRE(house.store.kept.size() == 2);
  CHECK(house.store.kept[1].text.find("Status: 5.4.0") != std::string::npos);
  // Out of the queue it goes on: it was counted when it came.
  injection = letter({"bob"});
  injection.text = trail + "\n";
  injection.may_wait = false;
  REQUIRE(house.inject(std::move(injection)));
  REQUIRE(house.store.kept.size() == 3);
  CHECK(house.store.kept[2].request.local.at(0).maildir == "/mail/bob");
}

TEST_CASE("a full mailbox is told to the sender, by a list too, and postmaster has room",
          "[server]") {
  House house;
  const auto with_quota = [](const std::string& maildir, const std::string& address) {
    server::Target out = test::MapDirectory::target(maildir, address, policy::DomainClass::Local);
    out.quota.octets = 1000;
    return out;
  };
  auto& aliases = house.directory->aliases;
  aliases["full@example.com"].mailboxes = {with_quota("/mail/full", "full@example.com")};
  aliases["team@example.com"].mailboxes = {with_quota("/mail/full", "full@example.com"),
                                           with_quota("/mail/free", "free@example.com")};
  aliases["postmaster@example.com"].mailboxes = {with_quota("/mail/full", "full@example.com")};
  house.store.uses["/mail/full"] = {1000, 1};
  REQUIRE(house.inject(letter({"full@example.com"})));
  REQUIRE(house.store.kept.size() == 1);
  CHECK(house.store.kept[0].request.local.at(0).maildir == "/mail/alice");
  CHECK(house.store.kept[0].text.find("Status: 5.2.2") != std::string::npos);
  REQUIRE(house.inject(letter({"team@example.com"})));
  REQUIRE(house.store.kept.size() == 3);
  REQUIRE(house.store.kept[1].request.local.size() == 1);
  CHECK(house.store.kept[1].request.local[0].maildir == "/mail/free");
  CHECK(house.store.kept[2].text.find("Final-Recipient: rfc822;full@example.com") !=
        std::string::npos);
  CHECK(house.logged("to=<full@example.com>, orig_to=<team@example.com>"));
  CHECK(house.logged("dsn=5.2.2, status=bounced"));
  REQUIRE(house.inject(letter({"postmaster"})));
  REQUIRE(house.store.kept.size() == 4);
  CHECK(house.store.kept[3].request.local.at(0).maildir == "/mail/full");
}

TEST_CASE("a text that nobody has room for goes back, however it was read", "[server]") {
  House house;
  server::Target target =
      test::MapDirectory::target("/mail/small", "small@example.com", policy::DomainClass::Local);
  target.quota.octets = 1000;
  house.directory->aliases["small@example.com"].mailboxes = {target};
  Pieces pieces("Subject: big\n\n" + std::string(2000, 'x') + "\n", 300);
  server::Injection injection = letter({"small@example.com"});
  injection.text.clear();
  injection.source = &pieces;
  REQUIRE(house.inject(std::move(injection)));
  REQUIRE(house.store.kept.size() == 1);
  CHECK(house.store.kept[0].request.local.at(0).maildir == "/mail/alice");
  CHECK(house.store.kept[0].text.find("Status: 5.2.2") != std::string::npos);
}
