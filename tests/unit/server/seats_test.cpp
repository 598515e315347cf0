// SPDX-License-Identifier: Apache-2.0
// server: few passwords are looked at together, and of each network one at a time.
#include "server/seats.h"

#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "net/task_group.h"

using namespace gatepost;
using server::Seats;

namespace {

struct Failures final : net::TaskWatch {
  void task_failed(std::string_view, std::string_view detail) override {
    FAIL(std::string(detail));
  }
};

struct Room {
  asio::io_context loop;
  Failures failures;
  net::TaskGroup tasks{loop, failures};
  Seats seats;
  std::vector<std::string> order;
  std::vector<std::unique_ptr<Seats::Seat>> held;
  std::size_t turned_away = 0;

  /// Takes a seat for `network` and keeps it until leave().
  Task<void> visit(std::string network) {
    const IpAddress address = *IpAddress::parse(network);
    Seats::Seat seat = co_await seats.take(address);
    if (!seat) {
      ++turned_away;
      co_return;
    }
    order.push_back(network);
    held.push_back(std::make_unique<Seats::Seat>(std::move(seat)));
  }
  void come(const std::string& network) {
    tasks.spawn("visit", visit(network));
    turn();
  }
  void leave(std::size_t which) {
    held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
    turn();
  }
  void turn() {
    loop.restart();
    while (loop.poll() > 0) {
    }
  }
  ~Room() {
    while (!held.empty()) leave(0);
  }
};

}  // namespace

TEST_CASE("a flood from one network waits for itself and not before others", "[server][seats]") {
  Room room;
  for (int i = 0; i < 50; ++i) room.come("192.0.2.66");
  CHECK(room.seats.taken() == 1);
  CHECK(room.seats.waiting() == 49);
  room.come("198.51.100.7");
  CHECK(room.order == std::vector<std::string>{"192.0.2.66", "198.51.100.7"});
  room.come("203.0.113.9");
  CHECK(room.seats.taken() == 2);
  // Both seats are taken; the first of another network to come is the next to sit down.
  room.leave(1);
  CHECK(room.order.back() == "203.0.113.9");
  room.leave(0);
  CHECK(room.order.back() == "192.0.2.66");
  CHECK(room.order.size() == 4);
  CHECK(room.seats.taken() == 2);
}

TEST_CASE("who comes when too many wait is sent away at once", "[server][seats]") {
  Room room;
  for (std::size_t i = 0; i < Seats::kMostWaiting + 1; ++i) room.come("192.0.2.66");
  CHECK(room.turned_away == 0);
  room.come("192.0.2.66");
  room.come("198.51.100.1");
  CHECK(room.turned_away == 1);
  CHECK(room.seats.taken() == 2);
}

TEST_CASE("a seat that is given back is free", "[server][seats]") {
  Room room;
  room.come("192.0.2.1");
  room.leave(0);
  CHECK(room.seats.taken() == 0);
  room.come("192.0.2.1");
  CHECK(room.seats.taken() == 1);
  CHECK(room.seats.waiting() == 0);
}
