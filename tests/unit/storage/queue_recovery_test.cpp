// SPDX-License-Identifier: Apache-2.0
// tests: the queue after crashes and bad disks.
#include "storage/queue_recovery.h"

#include <catch2/catch_test_macros.hpp>

#include "doubles.h"
#include "house.h"
#include "queue/record.h"

namespace gatepost::storage::test {
namespace {

/// A queue with items A1, A2, A3, closed again.
void fill(const std::string& root) {
  const auto files = make_system_files();
  House house(*files, root);
  REQUIRE(house.open());
  for (const char* id : {"A1", "A2", "A3"}) {
    IntakeRequest request = house.request(id, {});
    request.envelope.recipients.push_back(House::remote("far"));
    REQUIRE(house.deliver(std::move(request), "Subject: x\n\ntext\n"));
  }
}

struct Opened {
  std::string ids;
  std::vector<std::string> problems;
  std::vector<std::string> texts;
};

Opened open_again(const std::string& root) {
  const auto files = make_system_files();
  House house(*files, root);
  REQUIRE(house.open());
  Opened opened;
  for (const queue::Item& item : house.queued()) opened.ids.append(item.id).append(" ");
  opened.problems = house.store().take_problems();
  opened.texts = names_in(root + "/queue/text");
  return opened;
}

void overwrite(const std::string& path, std::size_t at, std::size_t octets) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(at));
  file << std::string(octets, '\xa5');
}

}  // namespace

TEST_CASE("a queue in order opens without a word", "[storage][recovery]") {
  Scratch scratch;
  fill(scratch.path());
  const auto opened = open_again(scratch.path());
  CHECK(opened.ids == "A1 A2 A3 ");
  CHECK(opened.problems.empty());
}

TEST_CASE("a text that was promised outlives an index older than it", "[storage][recovery]") {
  Scratch scratch;
  fill(scratch.path());
  const auto database = scratch / "queue/queue.db";
  std::filesystem::copy(database, scratch / "old.db");
  {
    const auto files = make_system_files();
    House house(*files, scratch.path());
    REQUIRE(house.open());
    IntakeRequest request = house.request("A4", {});
    request.envelope.recipients.push_back(House::remote("far"));
    REQUIRE(house.deliver(std::move(request), "Subject: x\n\ntext\n"));
  }
  std::filesystem::remove(scratch / "queue/queue.db-wal");
  std::filesystem::copy(scratch / "old.db", database,
                        std::filesystem::copy_options::overwrite_existing);
  const auto opened = open_again(scratch.path());
  CHECK(opened.ids == "A1 A2 A3 A4 ");
  CHECK(opened.problems.size() == 1);
}

TEST_CASE("what is not ours among the texts does not stop the queue", "[storage][recovery]") {
  Scratch scratch;
  fill(scratch.path());
  std::filesystem::create_symlink("/etc/passwd", scratch / "queue/text/link");
  auto opened = open_again(scratch.path());
  CHECK(opened.ids == "A1 A2 A3 ");
  CHECK(opened.problems.size() == 1);
  std::filesystem::remove(scratch / "queue/queue.db");
  opened = open_again(scratch.path());
  CHECK(opened.ids == "A1 A2 A3 ");
  CHECK(std::filesystem::is_symlink(scratch / "queue/text/link"));
}

TEST_CASE("a text without a row that is not whole is removed", "[storage][recovery]") {
  Scratch scratch;
  fill(scratch.path());
  std::filesystem::copy(scratch / "queue/text/A1", scratch / "queue/text/B1");
  std::ofstream(scratch / "queue/text/B2") << "half a te";
  const auto opened = open_again(scratch.path());
  CHECK(opened.ids == "A1 A2 A3 ");
  CHECK(opened.texts == std::vector<std::string>{"A1", "A2", "A3"});
}

TEST_CASE("a row without a text is set aside and told", "[storage][recovery]") {
  Scratch scratch;
  fill(scratch.path());
  std::filesystem::remove(scratch / "queue/text/A2");
  const auto opened = open_again(scratch.path());
  CHECK(opened.ids == "A1 A3 ");
  REQUIRE(opened.problems.size() == 1);
  CHECK(opened.problems[0].find("A2") != std::string::npos);
  auto database = Database::open(scratch / "queue/queue.db");
  auto lost = database->prepare("SELECT id FROM lost");
  REQUIRE(*lost->step());
  CHECK(lost->text(0, 10) == "A2");
}

TEST_CASE("a row without a whole text is set aside, the text kept", "[storage][recovery]") {
  Scratch scratch;
  fill(scratch.path());
  std::filesystem::resize_file(scratch / "queue/text/A2", 20);
  const auto opened = open_again(scratch.path());
  CHECK(opened.ids == "A1 A3 ");
  CHECK(opened.texts == std::vector<std::string>{"A1", "A2.damaged", "A3"});
  CHECK(opened.problems.size() == 1);
}

TEST_CASE("a row that cannot be read is made anew from its text", "[storage][recovery]") {
  Scratch scratch;
  fill(scratch.path());
  REQUIRE(Database::open(scratch / "queue/queue.db")
              ->run("UPDATE item SET record = x'00' WHERE id = 'A2'"));
  const auto opened = open_again(scratch.path());
  CHECK(opened.ids == "A1 A2 A3 ");
  CHECK(opened.problems.size() == 1);
  CHECK(open_again(scratch.path()).problems.empty());
}

TEST_CASE("an index that is gone is made anew from the texts", "[storage][recovery]") {
  Scratch scratch;
  fill(scratch.path());
  std::filesystem::remove(scratch / "queue/queue.db");
  const auto opened = open_again(scratch.path());
  CHECK(opened.ids == "A1 A2 A3 ");
  CHECK(opened.problems.size() == 1);
}

TEST_CASE("an index damaged anywhere loses no mail", "[storage][recovery]") {
  Scratch first;
  fill(first.path());
  const auto size = std::filesystem::file_size(first / "queue/queue.db");
  for (std::size_t at = 0; at + 512 <= size; at += 1024) {
    INFO("damaged at " << at);
    Scratch scratch;
    std::filesystem::copy(first / "queue", scratch / "queue",
                          std::filesystem::copy_options::recursive);
    overwrite(scratch / "queue/queue.db", at, 512);
    const auto opened = open_again(scratch.path());
    CHECK(opened.ids == "A1 A2 A3 ");
    CHECK(open_again(scratch.path()).problems.empty());
  }
}

TEST_CASE("a damaged index is kept beside the new one", "[storage][recovery]") {
  Scratch scratch;
  fill(scratch.path());
  overwrite(scratch / "queue/queue.db", 0, 4096);
  CHECK(open_again(scratch.path()).problems.size() == 3);
  overwrite(scratch / "queue/queue.db", 0, 4096);
  open_again(scratch.path());
  const auto names = names_in(scratch / "queue");
  CHECK(std::count(names.begin(), names.end(), "queue.db.damaged-1") == 1);
  CHECK(std::count(names.begin(), names.end(), "queue.db.damaged-2") == 1);
}

TEST_CASE("a text that is not whole does not stop the making of a new index",
          "[storage][recovery]") {
  Scratch scratch;
  fill(scratch.path());
  std::filesystem::remove(scratch / "queue/queue.db");
  std::filesystem::resize_file(scratch / "queue/text/A1", 30);
  // Another item's text under a name that is not its own.
  std::filesystem::copy(scratch / "queue/text/A2", scratch / "queue/text/A9");
  const auto opened = open_again(scratch.path());
  CHECK(opened.ids == "A2 A3 ");
  CHECK(opened.texts == std::vector<std::string>{"A1.damaged", "A2", "A3", "A9.damaged"});
}

TEST_CASE("making the index anew may be cut short at any call", "[storage][recovery]") {
  std::uint64_t n = 1;
  for (bool failed = true; failed; ++n) {
    INFO("call " << n);
    Scratch scratch;
    fill(scratch.path());
    overwrite(scratch / "queue/queue.db", 0, 4096);
    FaultyFiles files;
    {
      House house(files, scratch.path());
      files.fail(n, EIO);
      static_cast<void>(house.open());
      failed = files.failed() > 0;
    }
    CHECK(open_again(scratch.path()).ids == "A1 A2 A3 ");
  }
  CHECK(n > 10);
}

TEST_CASE("an index of a later version is refused, not replaced", "[storage][recovery]") {
  Scratch scratch;
  fill(scratch.path());
  REQUIRE(Database::open(scratch / "queue/queue.db")->run("PRAGMA user_version=99"));
  const auto files = make_system_files();
  {
    House house(*files, scratch.path());
    const auto opened = house.open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().cause == Cause::Permanent);
  }
  REQUIRE(Database::open(scratch / "queue/queue.db")->run("PRAGMA user_version=3"));
  CHECK(open_again(scratch.path()).ids == "A1 A2 A3 ");
}

TEST_CASE("the text of a removed item that the disk will not unlink is told, not sent again",
          "[storage][recovery]") {
  Scratch scratch;
  fill(scratch.path());
  {
    FaultyFiles files;
    House house(files, scratch.path());
    REQUIRE(house.open());
    files.fail_all(Call::Unlink, EIO);
    REQUIRE(run_task(house.loop(), house.store().erase("A2")));
  }
  {
    FaultyFiles files;
    House house(files, scratch.path());
    files.fail_all(Call::Unlink, EIO);
    REQUIRE(house.open());
    CHECK(house.queued().size() == 2);
    CHECK(house.store().take_problems().size() == 1);
  }
  const auto opened = open_again(scratch.path());
  CHECK(opened.ids == "A1 A3 ");
  CHECK(opened.problems.empty());
  CHECK(opened.texts == std::vector<std::string>{"A1", "A3"});
}

TEST_CASE("an id that is used again after its removal is an item like any", "[storage][recovery]") {
  Scratch scratch;
  fill(scratch.path());
  {
    const auto files = make_system_files();
    House house(*files, scratch.path());
    REQUIRE(house.open());
    REQUIRE(run_task(house.loop(), house.store().erase("A2")));
    IntakeRequest request = house.request("A2", {});
    request.envelope.recipients.push_back(House::remote("far"));
    REQUIRE(house.deliver(std::move(request), "Subject: x\n\ntext\n"));
  }
  CHECK(open_again(scratch.path()).ids == "A1 A3 A2 ");
}

}  // namespace gatepost::storage::test
