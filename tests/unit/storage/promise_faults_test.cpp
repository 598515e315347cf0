// SPDX-License-Identifier: Apache-2.0
// tests: every call of a promise fails once; nothing half-done is seen, nothing is left behind.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "doubles.h"
#include "house.h"

namespace gatepost::storage::test {
namespace {

struct Story {
  const char* name;
  std::vector<std::string> users;
  bool remote;
  bool link_fails;
  std::size_t octets;
};

const Story kStories[] = {
    {"one recipient", {"ann"}, false, false, 3000},
    {"one recipient, a long text", {"ann"}, false, false, 150000},
    {"three recipients, linked", {"ann", "bob", "cem"}, false, false, 3000},
    {"three recipients, linked, a long text", {"ann", "bob", "cem"}, false, false, 150000},
    {"three recipients, copied", {"ann", "bob", "cem"}, false, true, 3000},
    {"three recipients, copied, a long text", {"ann", "bob", "cem"}, false, true, 150000},
    {"queued", {}, true, false, 3000},
    {"queued, a long text", {}, true, false, 150000},
    {"mixed", {"ann", "bob"}, true, false, 3000},
    {"mixed, a long text", {"ann", "bob"}, true, false, 150000},
};

std::string text_of(std::size_t octets) {
  std::string text("Subject: a test\n\n");
  while (text.size() < octets)
    text.append("one line of ").append(std::to_string(text.size())).append("\n");
  return text;
}

IntakeRequest request_of(const House& house, const Story& story, const std::string& id) {
  IntakeRequest request = house.request(id, story.users);
  if (story.remote) request.envelope.recipients.push_back(House::remote("far"));
  return request;
}

void check_whole(House& house, const Story& story, const std::string& text, std::size_t times) {
  for (const std::string& user : story.users) {
    const auto found = house.new_in(user);
    REQUIRE(found.size() == times);
    for (const std::string& each : found) CHECK(each.ends_with("now\n" + text));
  }
  CHECK(house.queued().size() == (story.remote ? times : 0));
}

/// False when the story has fewer calls than `n`.
bool fail_once(const Story& story, std::uint64_t n, int number, bool stays) {
  INFO(story.name << ", call " << n << ", errno " << number << (stays ? ", for good" : ""));
  Scratch scratch;
  FaultyFiles files;
  const std::string text = text_of(story.octets);
  House house(files, scratch.path());
  REQUIRE(house.open());
  if (story.link_fails) files.fail_all(Call::Link, EXDEV);

  files.fail(n, number, stays);
  const auto stored = house.deliver(request_of(house, story, "A1"), text);
  const bool hit = files.failed() > (story.link_fails ? story.users.size() - 1 : 0) || !stored;
  files.heal();

  if (stored) {
    check_whole(house, story, text, 1);
  } else {
    CHECK(stored.error().system == number);
    CHECK(stored.error().cause == Cause::Temporary);
    check_whole(house, story, text, 0);
    CHECK(house.unseen() == 0);
  }
  // What failed once does not fail the next.
  if (story.link_fails) files.fail_all(Call::Link, EXDEV);
  const auto next = house.deliver(request_of(house, story, "A2"), text);
  REQUIRE(next);
  check_whole(house, story, text, stored ? 2 : 1);
  return hit;
}

}  // namespace

TEST_CASE("a promise that fails at any one call leaves nothing behind", "[storage][faults]") {
  const int number = GENERATE(ENOSPC, EIO, EMFILE);
  for (const Story& story : kStories) {
    std::uint64_t n = 1;
    while (fail_once(story, n, number, /*stays=*/false)) ++n;
    CHECK(n > 4);
  }
}

TEST_CASE("a disk that stays full from any call on costs only the message", "[storage][faults]") {
  const int number = GENERATE(ENOSPC, EDQUOT);
  for (const Story& story : kStories) {
    std::uint64_t n = 1;
    while (fail_once(story, n, number, /*stays=*/true)) ++n;
    CHECK(n > 4);
  }
}

TEST_CASE("an intake that is dropped after it began to write leaves nothing", "[storage][faults]") {
  for (const Story& story : kStories) {
    INFO(story.name);
    Scratch scratch;
    const auto files = make_system_files();
    House house(*files, scratch.path());
    REQUIRE(house.open());
    {
      auto intake = house.store().begin(request_of(house, story, "A1"));
      intake->append(text_of(story.octets));
      REQUIRE(run_task(house.loop(), intake->drain()));
      CHECK(house.unseen() > 0);
    }
    house.clerk().settle();
    CHECK(house.unseen() == 0);
    check_whole(house, story, {}, 0);
  }
}

}  // namespace gatepost::storage::test
