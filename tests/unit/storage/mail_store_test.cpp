// SPDX-License-Identifier: Apache-2.0
// tests: the store as its users see it.
#include "storage/mail_store.h"

#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>

#include "doubles.h"
#include "house.h"

namespace gatepost::storage::test {
namespace {

constexpr std::string_view kText = "Subject: hello\n\nline one\nline two\n";

ino_t inode_of(const std::string& folder) {
  struct stat found {};
  ::stat((folder + "/" + names_in(folder).at(0)).c_str(), &found);
  return found.st_ino;
}

Task<void> send_many(
    House& house, unsigned session, unsigned count, std::string text, unsigned& promised) {
  for (unsigned n = 0; n < count; ++n) {
    const std::string id = "S" + std::to_string(session) + "N" + std::to_string(n);
    IntakeRequest request = house.request(id, {"user" + std::to_string(session % 3)});
    if (session % 4 == 0) request.envelope.recipients.push_back(House::remote("far"));
    auto intake = house.store().begin(std::move(request));
    intake->append(text);
    const auto stored = co_await intake->promise();
    if (stored) ++promised;
  }
}

}  // namespace

TEST_CASE("a message begins with its trace and ends with its text", "[storage][mail_store]") {
  Scratch scratch;
  const auto files = make_system_files();
  House house(*files, scratch.path());
  REQUIRE(house.open());
  IntakeRequest request = house.request("A1", {"ann"});
  request.local.front().original = "Ann+lists@us.example";
  const auto stored = house.deliver(std::move(request), std::string(kText));
  REQUIRE(stored);
  const std::string expected =
      "Return-Path: <sender@client.example>\n"
      "X-Original-To: Ann+lists@us.example\n"
      "Delivered-To: ann@us.example\n"
      "Received: from client.example\n\tby mx.example; now\n" +
      std::string(kText);
  CHECK(house.new_in("ann") == std::vector<std::string>{expected});
  CHECK(stored->octets == expected.size());
  CHECK(stored->stores == 1);
  CHECK(names_in(house.maildir("ann") + "/tmp").empty());
  CHECK(names_in(house.maildir("ann") + "/cur").empty());
}

TEST_CASE("the null sender has an empty Return-Path", "[storage][mail_store]") {
  Scratch scratch;
  const auto files = make_system_files();
  House house(*files, scratch.path());
  IntakeRequest request = house.request("A1", {"ann"});
  request.envelope.sender = {};
  REQUIRE(house.deliver(std::move(request), std::string(kText)));
  CHECK(house.new_in("ann").at(0).starts_with("Return-Path: <>\n"));
}

TEST_CASE("an address cannot add a header", "[storage][mail_store]") {
  Scratch scratch;
  const auto files = make_system_files();
  House house(*files, scratch.path());
  IntakeRequest request = house.request("A1", {"ann"});
  request.local.front().original = "a\r\nX-Evil: yes\n\n";
  REQUIRE(house.deliver(std::move(request), std::string(kText)));
  CHECK(house.new_in("ann").at(0).find("X-Original-To: a??X-Evil: yes??\nDelivered-To") !=
        std::string::npos);
}

TEST_CASE("a file's name tells its size and its size with CRLF", "[storage][mail_store]") {
  Scratch scratch;
  const auto files = make_system_files();
  House house(*files, scratch.path(), /*share_text=*/true, /*buffer_octets=*/16);
  for (const std::size_t lines : {1, 10, 20000}) {
    std::filesystem::remove_all(house.maildir("ann"));
    std::string text;
    for (std::size_t n = 0; n < lines; ++n) text.append("a line\n");
    REQUIRE(house.deliver(house.request("A1", {"ann"}), text));
    const std::string found = house.new_in("ann").at(0);
    const auto newlines = static_cast<std::size_t>(std::count(found.begin(), found.end(), '\n'));
    const std::string name = names_in(house.maildir("ann") + "/new").at(0);
    CHECK(name.ends_with(".mx.example,S=" + std::to_string(found.size()) +
                         ",W=" + std::to_string(found.size() + newlines)));
  }
}

TEST_CASE("the host's name cannot leave the folder", "[storage][mail_store]") {
  Scratch scratch;
  const auto files = make_system_files();
  asio::io_context loop(1);
  Clerk clerk(loop, Clerk::Settings());
  MailStore::Settings settings;
  settings.hostname = "../a:b,c";
  const auto store = make_mail_store(clerk, *files, settings);
  IntakeRequest request;
  request.id = "A1";
  request.local.push_back({scratch / "m", "ann@us.example"});
  auto intake = store->begin(std::move(request));
  intake->append(kText);
  REQUIRE(run_task(loop, intake->promise()));
  const auto names = names_in(scratch / "m/new");
  REQUIRE(names.size() == 1);
  CHECK(names[0].find("...\\057a\\072b_c,S=") != std::string::npos);
}

TEST_CASE("another name of the host is in the files of messages that begin after it",
          "[storage][mail_store]") {
  Scratch scratch;
  const auto files = make_system_files();
  House house(*files, scratch.path());
  auto before = house.store().begin(house.request("A1", {"ann"}));
  house.store().set_hostname("a:b.example");
  REQUIRE(house.deliver(house.request("A2", {"bob"}), std::string(kText)));
  before->append(kText);
  REQUIRE(run_task(house.loop(), before->promise()));
  CHECK(names_in(house.maildir("bob") + "/new").at(0).find(".a\\072b.example,S=") !=
        std::string::npos);
  CHECK(names_in(house.maildir("ann") + "/new").at(0).find(".mx.example,S=") != std::string::npos);
}

TEST_CASE("many recipients share one file, and none learns of another", "[storage][mail_store]") {
  Scratch scratch;
  const auto files = make_system_files();
  House house(*files, scratch.path());
  for (const std::size_t octets : {100U, 200000U}) {
    std::filesystem::remove_all(scratch / "mail");
    const std::string text = "Subject: x\n\n" + std::string(octets, 'x') + "\n";
    const auto stored = house.deliver(house.request("A1", {"ann", "bob", "cem"}), text);
    REQUIRE(stored);
    CHECK(stored->stores == 1);
    CHECK_FALSE(stored->queued);
    CHECK(house.new_in("ann").at(0).find("Delivered-To") == std::string::npos);
    CHECK(house.new_in("ann").at(0).ends_with(text));
    CHECK(inode_of(house.maildir("ann") + "/new") == inode_of(house.maildir("cem") + "/new"));
  }
}

TEST_CASE("without sharing each recipient has a file with its own address",
          "[storage][mail_store]") {
  Scratch scratch;
  const auto files = make_system_files();
  House house(*files, scratch.path(), /*share_text=*/false);
  for (const std::size_t octets : {100U, 200000U}) {
    std::filesystem::remove_all(scratch / "mail");
    const std::string text = "Subject: x\n\n" + std::string(octets, 'x') + "\n";
    const auto stored = house.deliver(house.request("A1", {"ann", "bob"}), text);
    REQUIRE(stored);
    CHECK(stored->stores == 2);
    const std::string start = "Return-Path: <sender@client.example>\nDelivered-To: ";
    const std::string end =
        "@us.example\nReceived: from client.example\n\tby mx.example; now\n" + text;
    CHECK(house.new_in("ann").at(0) == start + "ann" + end);
    CHECK(house.new_in("bob").at(0) == start + "bob" + end);
  }
}

TEST_CASE("where links cannot be made there are copies", "[storage][mail_store]") {
  Scratch scratch;
  FaultyFiles files;
  for (const int number : {EXDEV, EPERM, EMLINK}) {
    files.fail_all(Call::Link, number);
    std::filesystem::remove_all(scratch / "mail");
    House house(files, scratch.path());
    const auto stored = house.deliver(house.request("A1", {"ann", "bob"}), std::string(kText));
    REQUIRE(stored);
    CHECK(stored->stores == 2);
    CHECK(house.new_in("bob").at(0).ends_with(kText));
    CHECK(house.new_in("ann").at(0).find("bob@") == std::string::npos);
  }
}

TEST_CASE("a message to more mailboxes than are held open reaches each", "[storage][mail_store]") {
  Scratch scratch;
  const auto files = make_system_files();
  House house(*files, scratch.path());
  std::vector<std::string> users;
  for (int n = 0; n < 200; ++n) users.push_back("u" + std::to_string(n));
  REQUIRE(house.deliver(house.request("A1", users), std::string(kText)));
  for (const std::string& user : users) REQUIRE(house.new_in(user).size() == 1);
}

TEST_CASE("a mailbox that cannot be opened keeps nobody else's copy waiting",
          "[storage][mail_store]") {
  for (const std::size_t octets : {100U, 200000U}) {
    Scratch scratch;
    const auto files = make_system_files();
    House house(*files, scratch.path());
    REQUIRE(house.open());
    std::filesystem::create_directories(scratch / "mail/bob");
    std::ofstream(house.maildir("bob")) << "x";
    const std::string text = "Subject: x\n\n" + std::string(octets, 'x') + "\n";
    auto request = house.request("A1", {"bob", "ann"});
    REQUIRE_FALSE(house.deliver(request, text));
    request.local[0].later = mail::Recipient{{"bob", "us.example"}, {}, {}};
    const auto stored = house.deliver(request, text);
    REQUIRE(stored);
    REQUIRE(stored->put_off.size() == 1);
    CHECK(stored->put_off[0].maildir == house.maildir("bob"));
    CHECK(house.new_in("ann").at(0).ends_with(text));
    REQUIRE(house.queued().size() == 1);
    CHECK(house.queued()[0].destinations.at(0).recipient.mailbox.text() == "bob@us.example");
    // Alone it waits only where that is wished.
    request.id = "A2";
    request.local.pop_back();
    REQUIRE_FALSE(house.deliver(request, text));
    CHECK(house.queued().size() == 1);
    request.may_wait_alone = true;
    REQUIRE(house.deliver(request, text));
    CHECK(house.queued().size() == 2);
  }
}

TEST_CASE("an ordinary message costs one write, one sync and one sync of the folder",
          "[storage][mail_store]") {
  Scratch scratch;
  FaultyFiles files;
  House house(files, scratch.path());
  REQUIRE(house.deliver(house.request("A1", {"ann"}), std::string(kText)));
  files.forget_counts();
  REQUIRE(house.deliver(house.request("A2", {"ann"}), std::string(kText)));
  CHECK(files.count(Call::Write) == 1);
  CHECK(files.count(Call::Sync) == 1);
  CHECK(files.count(Call::SyncFolder) == 1);
  CHECK(files.count(Call::OpenFolder) == 0);
}

TEST_CASE("mail for others waits in the queue with all its envelope", "[storage][mail_store]") {
  Scratch scratch;
  const auto files = make_system_files();
  House house(*files, scratch.path());
  REQUIRE(house.open());
  IntakeRequest request = house.request("A1", {});
  request.envelope.options.smtputf8 = true;
  request.envelope.options.envelope_id = "QQ314159";
  mail::Recipient far = House::remote("far");
  far.notify.never = true;
  far.original = "rfc822;far@elsewhere.example";
  request.envelope.recipients = {far, House::remote("near")};
  const mail::Envelope envelope = request.envelope;
  const Moment arrived = request.arrived;
  const auto stored = house.deliver(std::move(request), std::string(kText));
  REQUIRE(stored);
  CHECK(stored->queued);
  const auto items = house.queued();
  REQUIRE(items.size() == 1);
  CHECK(items[0].id == "A1");
  CHECK(items[0].arrived == arrived);
  CHECK(items[0].sender == envelope.sender);
  CHECK(items[0].options == envelope.options);
  REQUIRE(items[0].destinations.size() == 2);
  CHECK(items[0].destinations[0].recipient == far);
  CHECK(items[0].destinations[1].recipient == envelope.recipients[1]);
  CHECK(items[0].octets == stored->octets);
  CHECK(house.store().totals().items == 1);
  CHECK(house.store().totals().octets == stored->octets);
  CHECK(house.store().totals().oldest == arrived);
}

TEST_CASE("the text of an item is read back in pieces, without what stands behind it",
          "[storage][mail_store]") {
  Scratch scratch;
  auto files = make_system_files();
  House house(*files, scratch.path());
  REQUIRE(house.open());
  IntakeRequest request = house.request("A1", {});
  request.envelope.recipients.push_back(House::remote("far"));
  request.login = "alice";
  request.hold = true;
  const std::string whole = request.received + "Subject: x\n\nbody\n";
  REQUIRE(house.deliver(request, "Subject: x\n\nbody\n"));
  CHECK(house.queued().front().login == "alice");
  CHECK(house.queued().front().hold);
  std::string read;
  for (;;) {
    auto piece = run_task(house.loop(), house.store().read_text("A1", read.size(), 7));
    REQUIRE(piece);
    if (piece->empty()) break;
    CHECK(piece->size() <= 7);
    read += *piece;
  }
  CHECK(read == whole);
  const auto none = run_task(house.loop(), house.store().read_text("B2", 0, 7));
  REQUIRE_FALSE(none);
  CHECK(none.error().system == ENOENT);
}

TEST_CASE("a hold is set and taken away", "[storage][mail_store]") {
  Scratch scratch;
  auto files = make_system_files();
  House house(*files, scratch.path());
  REQUIRE(house.open());
  IntakeRequest request = house.request("A1", {});
  request.envelope.recipients.push_back(House::remote("far"));
  REQUIRE(house.deliver(request, "Subject: x\n\nbody\n"));
  CHECK(run_task(house.loop(), house.store().due(at_second(1), 5))->size() == 1);
  CHECK(*run_task(house.loop(), house.store().set_hold("A1", true)) == 1);
  CHECK(run_task(house.loop(), house.store().due(at_second(1), 5))->empty());
  CHECK(*run_task(house.loop(), house.store().set_hold("A1", false)) == 1);
  CHECK(run_task(house.loop(), house.store().due(at_second(1), 5))->size() == 1);
  CHECK(*run_task(house.loop(), house.store().set_hold("NONE", true)) == 0);
}

TEST_CASE("an erased item is gone with its text", "[storage][mail_store]") {
  Scratch scratch;
  const auto files = make_system_files();
  House house(*files, scratch.path());
  REQUIRE(house.open());
  IntakeRequest request = house.request("A1", {});
  request.envelope.recipients.push_back(House::remote("far"));
  REQUIRE(house.deliver(std::move(request), std::string(kText)));
  REQUIRE(run_task(house.loop(), house.store().erase("A1")));
  REQUIRE(run_task(house.loop(), house.store().erase("A1")));
  REQUIRE(run_task(house.loop(), house.store().erase("../queue.db")));
  CHECK(house.queued().empty());
  CHECK(house.unseen() == 0);
  CHECK(house.store().totals().items == 0);
}

TEST_CASE("a request that cannot be is refused and leaves nothing", "[storage][mail_store]") {
  Scratch scratch;
  const auto files = make_system_files();
  House house(*files, scratch.path());
  REQUIRE(house.open());
  CHECK_FALSE(house.deliver(house.request("A1", {}), "x"));
  CHECK_FALSE(house.deliver(house.request("../A1", {"ann"}), "x"));
  IntakeRequest request = house.request("A1", {});
  request.local.push_back({"relative/Maildir", "ann@us.example"});
  CHECK_FALSE(house.deliver(std::move(request), "x"));
  CHECK(house.new_in("ann").empty());
}

TEST_CASE("many sessions at once lose nothing and mix nothing", "[storage][mail_store]") {
  Scratch scratch;
  const auto files = make_system_files();
  asio::io_context loop(1);
  House house(*files, scratch.path());
  REQUIRE(house.open());
  unsigned promised = 0;
  for (unsigned session = 0; session < 64; ++session) {
    std::string text =
        "Session: " + std::to_string(session) + "\n\n" + std::string(session * 50, 'x') + "\n";
    asio::co_spawn(house.loop(), send_many(house, session, 5, std::move(text), promised),
                   asio::detached);
  }
  house.loop().restart();
  house.loop().run();
  CHECK(promised == 64 * 5);
  std::size_t found = 0;
  for (const char* user : {"user0", "user1", "user2"}) {
    for (const std::string& text : house.new_in(user)) {
      const auto at = text.find("Session: ") + 9;
      const auto session = std::stoul(text.substr(at, text.find('\n', at) - at));
      CHECK(text.ends_with("\n\n" + std::string(session * 50, 'x') + "\n"));
      ++found;
    }
  }
  CHECK(found == 64 * 5);
  CHECK(house.queued().size() == 16 * 5);
  CHECK(house.store().totals().items == 16 * 5);
}

TEST_CASE("free space is that of the nearest folder there is", "[storage][mail_store]") {
  Scratch scratch;
  const auto files = make_system_files();
  House house(*files, scratch.path());
  const auto space = house.store().space(scratch / "not/there/yet");
  REQUIRE(space);
  CHECK(space->octets_free > 0);
}

}  // namespace gatepost::storage::test
