// SPDX-License-Identifier: Apache-2.0
// tests: the power fails at every call; what was promised is there afterwards, whole, and
// nothing is there by half.
#include <catch2/catch_test_macros.hpp>

#include "doubles.h"
#include "house.h"

namespace gatepost::storage::test {
namespace {

using Luck = ForgetfulFiles::Luck;

struct Story {
  const char* name;
  std::vector<std::string> users;
  bool remote;
  bool share;
  std::size_t octets;
};

const Story kStories[] = {
    {"one recipient", {"ann"}, false, true, 3000},
    {"one recipient, a long text", {"ann"}, false, true, 150000},
    {"three recipients, linked", {"ann", "bob", "cem"}, false, true, 3000},
    {"three recipients, copied", {"ann", "bob", "cem"}, false, false, 3000},
    {"queued", {}, true, true, 3000},
    {"mixed", {"ann", "bob"}, true, true, 100000},
};

std::string text_of(std::size_t octets) {
  std::string text("Subject: a test\n\n");
  while (text.size() < octets)
    text.append("one line of ").append(std::to_string(text.size())).append("\n");
  return text;
}

/// What a queue file holds before its envelope.
std::string queue_text(const std::string& root, const queue::Item& item) {
  return read_text(root + "/queue/text/" + item.id).substr(0, item.octets);
}

void check_after(const Story& story,
                 const std::string& root,
                 const std::string& text,
                 std::size_t promised,
                 std::size_t tried) {
  const auto files = make_system_files();
  House house(*files, root);
  REQUIRE(house.open());
  // A whole text whose row was not yet written goes in again; nothing else may need a word.
  for (const std::string& problem : house.store().take_problems()) {
    if (!problem.ends_with("queue text without a row is in the queue again")) FAIL_CHECK(problem);
  }
  for (const std::string& user : story.users) {
    const auto found = house.new_in(user);
    CHECK(found.size() >= promised);
    CHECK(found.size() <= tried);
    for (const std::string& each : found) {
      CHECK(each.starts_with("Return-Path: <sender@client.example>\n"));
      CHECK(each.ends_with("now\n" + text));
    }
  }
  const auto items = house.queued();
  CHECK(items.size() >= (story.remote ? promised : 0));
  CHECK(items.size() <= (story.remote ? tried : 0));
  for (const queue::Item& item : items) {
    CHECK(queue_text(root, item) == "Received: from client.example\n\tby mx.example; now\n" + text);
    CHECK(item.destinations.size() == 1);
  }
  // And the house is open for business.
  IntakeRequest request = house.request("C1", story.users);
  if (story.remote) request.envelope.recipients.push_back(House::remote("far"));
  REQUIRE(house.deliver(std::move(request), text));
}

/// Two messages; the power fails at call `n`. False when both were promised before.
bool cut_at(const Story& story, std::uint64_t n, Luck luck, unsigned seed) {
  INFO(story.name << ", call " << n << ", luck " << static_cast<int>(luck) << ", seed " << seed);
  Scratch scratch;
  const std::string root = scratch / "root";
  std::filesystem::create_directory(root);
  {
    const auto files = make_system_files();
    House house(*files, root);
    REQUIRE(house.open());
  }
  const std::string text = text_of(story.octets);
  ForgetfulFiles files(root);
  std::size_t promised = 0;
  {
    House house(files, root, story.share);
    REQUIRE(house.open());
    files.die_at(n);
    for (const char* id : {"A1", "A2"}) {
      IntakeRequest request = house.request(id, story.users);
      if (story.remote) request.envelope.recipients.push_back(House::remote("far"));
      if (house.deliver(std::move(request), text)) ++promised;
    }
  }
  const bool died = files.is_dead();
  files.cut(luck, seed);
  check_after(story, root, text, promised, 2);
  return died;
}

/// `items` are taken out of the queue; the power fails at call `n`. False when that was done before.
bool cut_removal_at(std::size_t items, std::uint64_t n, Luck luck) {
  INFO(items << " items, call " << n << ", luck " << static_cast<int>(luck));
  Scratch scratch;
  const std::string root = scratch / "root";
  std::filesystem::create_directory(root);
  std::vector<std::string> ids;
  {
    const auto files = make_system_files();
    House house(*files, root);
    REQUIRE(house.open());
    for (std::size_t i = 0; i < items; ++i) {
      ids.push_back("A" + std::to_string(i));
      IntakeRequest request = house.request(ids.back(), {});
      request.envelope.recipients.push_back(House::remote("far"));
      REQUIRE(house.deliver(std::move(request), text_of(100)));
    }
  }
  ForgetfulFiles files(root);
  {
    House house(files, root);
    REQUIRE(house.open());
    files.die_at(n);
    // The row was taken out at the first call already: what was delivered is done with.
    CHECK(run_task(house.loop(), house.store().erase_all(ids)).value_or(0) == items);
  }
  const bool died = files.is_dead();
  files.cut(luck);
  const auto after = make_system_files();
  House house(*after, root);
  REQUIRE(house.open());
  CHECK(house.queued().empty());
  CHECK(house.store().take_problems().empty());
  CHECK(names_in(root + "/queue/text").empty());
  return died;
}

}  // namespace

TEST_CASE("what was taken out of the queue does not come back after a cut at any call",
          "[storage][faults][cut]") {
  for (const Luck luck : {Luck::None, Luck::All}) {
    std::uint64_t n = 1;
    while (cut_removal_at(3, n, luck)) ++n;
    CHECK(n == 4);
    // So many that their ids are forgotten, after a sync of their names.
    for (n = 63; cut_removal_at(64, n, luck);) ++n;
    CHECK(n == 66);
  }
}

TEST_CASE("what was promised survives a cut at any call on a disk that keeps only what was synced",
          "[storage][faults][cut]") {
  for (const Story& story : kStories) {
    std::uint64_t n = 1;
    while (cut_at(story, n, Luck::None, 0)) ++n;
    CHECK(n > 8);
  }
}

TEST_CASE("what was promised survives a cut at any call on a disk that keeps all names",
          "[storage][faults][cut]") {
  for (const Story& story : kStories) {
    std::uint64_t n = 1;
    while (cut_at(story, n, Luck::All, 0)) ++n;
  }
}

TEST_CASE("what was promised survives a cut at any call on a disk that keeps what it pleases",
          "[storage][faults][cut]") {
  for (const Story& story : kStories) {
    for (unsigned seed = 1; seed <= 3; ++seed) {
      std::uint64_t n = 1;
      while (cut_at(story, n, Luck::Random, seed)) ++n;
    }
  }
}

TEST_CASE("the disk that forgets does forget", "[storage][faults][cut]") {
  Scratch scratch;
  const std::string root = scratch / "root";
  std::filesystem::create_directory(root);
  ForgetfulFiles files(root);
  const auto folder = files.open_folder(kNoFolder, root);
  REQUIRE(folder);
  const std::string_view parts[] = {"octets"};

  const auto kept = files.create(*folder, "kept");
  REQUIRE(files.write(*kept, parts));
  REQUIRE(files.sync(*kept));
  const auto hollow = files.create(*folder, "hollow");
  REQUIRE(files.write(*hollow, parts));
  REQUIRE(files.sync_folder(*folder));
  const auto nameless = files.create(*folder, "nameless");
  REQUIRE(files.write(*nameless, parts));
  REQUIRE(files.sync(*nameless));
  REQUIRE(files.rename(*folder, "kept", *folder, "renamed"));
  files.cut(Luck::None);

  CHECK(names_in(root) == std::vector<std::string>{"hollow", "kept"});
  CHECK(read_text(root + "/kept") == "octets");
  CHECK(read_text(root + "/hollow").empty());
}

}  // namespace gatepost::storage::test
