// SPDX-License-Identifier: Apache-2.0
// server: few passwords are looked at together, and of each network one at a time.
#include "server/seats.h"

#include <array>
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

struct Line final : Wire {
  bool gone = false;
  Task<FillResult> fill(std::span<char>, Instant) override { co_return FillResult{}; }
  Task<bool> send(std::string_view, Instant) override { co_return false; }
  bool has_input() override { return false; }
  bool is_gone() override { return gone; }
  void close() override {}
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
  Task<void> visit(std::string network, bool vouched, Wire* wire) {
    const Seats::Guest guest{*IpAddress::parse(network), vouched, wire};
    Seats::Seat seat = co_await seats.take(guest);
    if (!seat) {
      ++turned_away;
      co_return;
    }
    order.push_back(network);
    held.push_back(std::make_unique<Seats::Seat>(std::move(seat)));
  }
  void come(const std::string& network, bool vouched = false, Wire* wire = nullptr) {
    tasks.spawn("visit", visit(network, vouched, wire));
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

TEST_CASE("networks take turns, and a vouched user comes first", "[server][seats]") {
  Room room;
  for (int network = 1; network <= 5; ++network) {
    for (int i = 0; i < 20; ++i) room.come("192.0.2." + std::to_string(network));
  }
  room.come("198.51.100.1");
  room.come("198.51.100.2", true);
  room.leave(0);
  CHECK(room.order.back() == "198.51.100.2");
  // One of each network before it, not the hundred that came earlier.
  std::size_t served = 0;
  while (room.order.back() != "198.51.100.1" && served < 100) {
    room.leave(0);
    ++served;
  }
  CHECK(served <= 6);
}

TEST_CASE("the last of the longest line makes room", "[server][seats]") {
  Room room;
  for (std::size_t i = 0; i < Seats::kMostOfNetwork + 1; ++i) room.come("192.0.2.66");
  CHECK(room.turned_away == 0);
  room.come("192.0.2.66");
  CHECK(room.turned_away == 1);
  const std::size_t lines = Seats::kMostWaiting / Seats::kMostOfNetwork;
  for (std::size_t line = 1; line < lines; ++line) {
    for (std::size_t i = 0; i < Seats::kMostOfNetwork; ++i) {
      room.come("192.0.2." + std::to_string(line));
    }
  }
  room.come("192.0.2.100");
  room.come("192.0.2.101");
  room.come("192.0.2.102");
  CHECK(room.seats.waiting() == Seats::kMostWaiting);
  const std::size_t before = room.turned_away;
  room.come("198.51.100.1");
  CHECK(room.turned_away == before + 1);
  while (room.order.back() != "198.51.100.1" && room.order.size() < 50) room.leave(0);
  CHECK(room.order.back() == "198.51.100.1");
}

TEST_CASE("who hung up is not served", "[server][seats]") {
  Room room;
  std::array<Line, 2> lines;
  room.come("192.0.2.1");
  room.come("192.0.2.2");
  room.come("192.0.2.3", false, &lines[0]);
  room.come("192.0.2.4", false, &lines[1]);
  lines[0].gone = true;
  room.leave(0);
  CHECK(room.order.back() == "192.0.2.4");
  CHECK(room.turned_away == 1);
  CHECK(room.seats.waiting() == 0);
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
