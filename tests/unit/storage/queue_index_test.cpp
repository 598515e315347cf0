// SPDX-License-Identifier: Apache-2.0
// tests: rows of the queue.
#include "storage/queue_index.h"

#include <atomic>
#include <cerrno>
#include <signal.h>
#include <sys/resource.h>

#include <catch2/catch_test_macros.hpp>

#include "house.h"

namespace gatepost::storage::test {
namespace {

queue::Item item_of(const std::string& id, std::int64_t second, std::uint64_t octets = 100) {
  queue::Item item;
  item.id = id;
  item.arrived = at_second(second);
  item.octets = octets;
  item.sender = {"sender", "client.example"};
  item.destinations.push_back({House::remote("far"), queue::State::Waiting, {}});
  return item;
}

std::string ids(QueueIndex& index, std::size_t most = 100) {
  std::string out;
  const auto items = index.list(most);
  for (const queue::Item& item : *items) out.append(item.id).append(" ");
  return out;
}

}  // namespace

TEST_CASE("items come back oldest first, as many as asked for", "[storage][queue_index]") {
  Scratch scratch;
  auto index = QueueIndex::open(scratch / "q");
  REQUIRE(index);
  REQUIRE((*index)->insert(item_of("B", 20)));
  REQUIRE((*index)->insert(item_of("A", 30)));
  REQUIRE((*index)->insert(item_of("C", 10)));
  CHECK(ids(**index) == "C B A ");
  CHECK(ids(**index, 2) == "C B ");
  CHECK(ids(**index, 0).empty());
}

TEST_CASE("the totals follow what goes in and out, also over a restart", "[storage][queue_index]") {
  const std::vector<std::string> b_alone = {"B"};
  Scratch scratch;
  {
    auto index = QueueIndex::open(scratch / "q");
    CHECK((*index)->totals().items == 0);
    CHECK((*index)->totals().oldest == Moment());
    REQUIRE((*index)->insert(item_of("A", 20, 100)));
    REQUIRE((*index)->insert(item_of("B", 10, 50)));
    CHECK((*index)->totals().items == 2);
    CHECK((*index)->totals().octets == 150);
    CHECK((*index)->totals().oldest == at_second(10));
    REQUIRE((*index)->erase(b_alone));
    REQUIRE((*index)->erase(b_alone));
    CHECK((*index)->totals().items == 1);
    CHECK((*index)->totals().octets == 100);
    CHECK((*index)->totals().oldest == at_second(20));
  }
  auto index = QueueIndex::open(scratch / "q");
  CHECK((*index)->totals().items == 1);
  CHECK((*index)->totals().octets == 100);
  CHECK((*index)->totals().oldest == at_second(20));
}

TEST_CASE("what was erased is known as removed until it is forgotten", "[storage][queue_index]") {
  const std::vector<std::string> some = {"A", "never"};
  Scratch scratch;
  {
    auto index = QueueIndex::open(scratch / "q");
    REQUIRE((*index)->insert(item_of("A", 1)));
    CHECK((*index)->erase(some).value_or(0) == 1);
  }
  auto index = QueueIndex::open(scratch / "q");
  CHECK((*index)->removed().value_or({}) == std::vector<std::string>{"A"});
  REQUIRE((*index)->forget(some));
  CHECK((*index)->removed().value_or({"not read"}).empty());
}

TEST_CASE("an id that is taken is refused and costs no other row", "[storage][queue_index]") {
  Scratch scratch;
  auto index = QueueIndex::open(scratch / "q");
  REQUIRE((*index)->insert(item_of("A", 1)));
  const auto again = (*index)->insert(item_of("A", 2, 7));
  REQUIRE_FALSE(again);
  CHECK(again.error().system == EEXIST);
  CHECK(ids(**index) == "A ");
  CHECK((*index)->totals().octets == 100);
}

TEST_CASE("an item that could not be read back is refused", "[storage][queue_index]") {
  Scratch scratch;
  auto index = QueueIndex::open(scratch / "q");
  queue::Item item = item_of("A", 1);
  item.sender.local = std::string(100000, 'x');
  CHECK_FALSE((*index)->insert(item));
  CHECK(ids(**index).empty());
}

TEST_CASE("rows of another shape are left out of the list and told", "[storage][queue_index]") {
  Scratch scratch;
  {
    auto index = QueueIndex::open(scratch / "q");
    REQUIRE((*index)->insert(item_of("A", 1)));
    REQUIRE((*index)->insert(item_of("B", 2)));
    REQUIRE((*index)->insert(item_of("C", 3)));
    REQUIRE((*index)->insert(item_of("D", 4)));
  }
  {
    auto database = Database::open(scratch / "q");
    REQUIRE(
        database->run("UPDATE item SET record = x'01' WHERE id = 'A';"
                      "UPDATE item SET octets = -1 WHERE id = 'B';"
                      "UPDATE item SET id = 'E' WHERE id = 'C';"));
  }
  auto index = QueueIndex::open(scratch / "q");
  REQUIRE(index);
  CHECK(ids(**index) == "D ");
  const auto rows = (*index)->rows();
  REQUIRE(rows->size() == 4);
  for (const QueueIndex::Row& row : *rows) CHECK(row.readable == (row.id == "D"));
}

TEST_CASE("a full disk refuses the row and costs no other; then the queue goes on",
          "[storage][queue_index]") {
  Scratch scratch;
  auto index = QueueIndex::open(scratch / "q");
  REQUIRE((*index)->insert(item_of("A", 1)));
  queue::Item big = item_of("B", 2);
  for (int n = 0; n < 20000; ++n) {
    big.destinations.push_back({House::remote("far"), queue::State::Waiting, {}});
  }
  {
    // What the kernel says to a file past this size is what a quota says.
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{256 * 1024, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto refused = (*index)->insert(big);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    ::signal(SIGXFSZ, old_handler);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::Temporary);
    CHECK(refused.error().system == EFBIG);
  }
  CHECK(ids(**index) == "A ");
  REQUIRE((*index)->insert(item_of("C", 3)));
  REQUIRE((*index)->insert(big));
  CHECK((*index)->totals().items == 3);
}

TEST_CASE("a change is kept, counts the items it found, and survives a restart",
          "[storage][queue_index]") {
  Scratch scratch;
  const std::vector<std::string> both = {"A", "B", "gone"};
  {
    auto index = QueueIndex::open(scratch / "q");
    REQUIRE((*index)->insert(item_of("A", 1)));
    REQUIRE((*index)->insert(item_of("B", 2)));
    REQUIRE((*index)->insert(item_of("C", 3)));
    queue::Change change;
    change.hold = true;
    change.outcomes.push_back({0, queue::State::Waiting, "it was tried"});
    const auto changed = (*index)->update(both, change);
    REQUIRE(changed);
    CHECK(*changed == 2);
  }
  auto index = QueueIndex::open(scratch / "q");
  const auto found = (*index)->find("A");
  REQUIRE((found && *found));
  CHECK((*found)->hold);
  CHECK((*found)->destinations[0].reason == "it was tried");
  const auto other = (*index)->find("C");
  REQUIRE((other && *other));
  CHECK_FALSE((*other)->hold);
  CHECK_FALSE((*index)->find("gone")->has_value());
  CHECK((*index)->totals().items == 3);
  CHECK(ids(**index) == "A B C ");
}

TEST_CASE("what is due: not on hold, its time has come, the longest waiting first",
          "[storage][queue_index]") {
  Scratch scratch;
  auto index = QueueIndex::open(scratch / "q");
  const auto put = [&](const std::string& id, std::int64_t next, bool hold) {
    queue::Item item = item_of(id, 1);
    item.next = at_second(next);
    item.hold = hold;
    REQUIRE((*index)->insert(item));
  };
  put("LATE", 300, false);
  put("SOON", 50, false);
  put("HELD", 0, true);
  put("NEXT", 101, false);
  put("NOW", 100, false);
  const auto names = [&](std::int64_t now, std::size_t most) {
    std::string out;
    const auto items = (*index)->due(at_second(now), most);
    for (const queue::Item& item : *items) out.append(item.id).append(" ");
    return out;
  };
  CHECK(names(100, 10) == "SOON NOW ");
  CHECK(names(100, 1) == "SOON ");
  CHECK(names(10, 10).empty());
  queue::Change change;
  change.hold = false;
  change.next = at_second(7);
  const std::vector<std::string> held = {"HELD"};
  REQUIRE((*index)->update(held, change));
  CHECK(names(10, 10) == "HELD ");
}

TEST_CASE("reasons too long together are left out, the states are not", "[storage][queue_index]") {
  Scratch scratch;
  auto index = QueueIndex::open(scratch / "q");
  queue::Item item = item_of("A", 1);
  queue::Change change;
  for (std::size_t n = 0; n < 1000; ++n) {
    item.destinations.push_back({House::remote("far"), queue::State::Waiting, {}});
    change.outcomes.push_back({n, queue::State::Failed, std::string(4000, 'x')});
  }
  REQUIRE((*index)->insert(item));
  const std::vector<std::string> one = {"A"};
  REQUIRE((*index)->update(one, change));
  const auto found = (*index)->find("A");
  REQUIRE((found && *found));
  CHECK((*found)->destinations[999].state == queue::State::Failed);
  CHECK((*found)->destinations[1000].state == queue::State::Waiting);
  CHECK((*found)->destinations[999].reason.empty());
}

TEST_CASE("a database of the first version is brought to this one", "[storage][queue_index]") {
  Scratch scratch;
  {
    auto database = Database::open(scratch / "q");
    REQUIRE(database->migrate(queue_schema().first(1)));
    // A record of version 1: from s@d1 to r@d2, of five octets, arrived in the year 1970.
    REQUIRE(database->run(
        "INSERT INTO item VALUES('A1', 7, 5, "
        "x'010000000241310000000000000007000000000000000500000001730000000264310000000000000000"
        "0000000000000000000001000000017200000002643200000000000000000003776879');"));
  }
  auto index = QueueIndex::open(scratch / "q");
  REQUIRE(index);
  const auto due = (*index)->due(at_second(1), 10);
  REQUIRE(due);
  REQUIRE(due->size() == 1);
  CHECK(due->front().id == "A1");
  CHECK(due->front().destinations[0].recipient.mailbox.text() == "r@d2");
  queue::Change hold;
  hold.hold = true;
  const std::vector<std::string> one = {"A1"};
  REQUIRE((*index)->update(one, hold));
  CHECK((*index)->due(at_second(1), 10)->empty());
}

TEST_CASE("many threads share commits and each row is there", "[storage][queue_index]") {
  Scratch scratch;
  auto index = QueueIndex::open(scratch / "q");
  asio::io_context loop(1);
  Clerk clerk(loop, Clerk::Settings());
  std::atomic<int> good{0};
  for (int n = 0; n < 200; ++n) {
    clerk.leave([&, n] {
      const auto item = item_of("N" + std::to_string(n), n + 1, 10);
      if ((*index)->insert(item)) ++good;
      if (n % 4 == 0 && (*index)->erase({&item.id, 1})) ++good;
      if (n % 10 == 0 && (*index)->list(5)) ++good;
    });
  }
  clerk.settle();
  CHECK(good == 200 + 50 + 20);
  CHECK((*index)->totals().items == 150);
  CHECK((*index)->totals().octets == 1500);
  CHECK((*index)->list(1000)->size() == 150);
}

}  // namespace gatepost::storage::test
