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
    REQUIRE((*index)->erase("B"));
    REQUIRE((*index)->erase("B"));
    CHECK((*index)->totals().items == 1);
    CHECK((*index)->totals().octets == 100);
    CHECK((*index)->totals().oldest == at_second(20));
  }
  auto index = QueueIndex::open(scratch / "q");
  CHECK((*index)->totals().items == 1);
  CHECK((*index)->totals().octets == 100);
  CHECK((*index)->totals().oldest == at_second(20));
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
      if (n % 4 == 0 && (*index)->erase(item.id)) ++good;
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
