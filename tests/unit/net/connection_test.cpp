// SPDX-License-Identifier: Apache-2.0
// net: connections, deadlines and listeners over loopback.
#include "net/connection.h"

#include <array>
#include <chrono>
#include <string>
#include <sys/socket.h>
#include <vector>

#include <asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "base/loop.h"
#include "net/listener.h"
#include "net/task_group.h"

using namespace gatepost;
using namespace std::literals;

namespace {

struct Failures final : net::TaskWatch {
  std::vector<std::string> seen;
  void task_failed(std::string_view name, std::string_view detail) override {
    seen.push_back(std::string(name) + ": " + std::string(detail));
  }
};

struct Pair final : net::Acceptor {
  asio::io_context loop;
  net::Deadlines deadlines{loop};
  Failures failures;
  net::TaskGroup tasks{loop, failures};
  std::optional<TcpSocket> server;
  TcpSocket client{loop};
  Endpoint peer;
  Endpoint mine;

  explicit Pair(const char* address = "127.0.0.1:0") {
    auto listener = net::Listener::open(loop, *Endpoint::parse(address));
    REQUIRE(listener);
    listener->start(*this);
    const auto local = listener->local();
    const auto bytes = asio::ip::make_address(local.address.text());
    client.connect({bytes, local.port});
    while (!server) loop.run_one();
    listener->close();
    loop.poll();
    loop.restart();
  }

  void accepted(TcpSocket socket, const Endpoint& from, const Endpoint& local) override {
    server.emplace(std::move(socket));
    peer = from;
    mine = local;
  }
  void refused(TcpSocket&, int) override { FAIL("refused"); }
  void accept_failed(int) override { FAIL("accept"); }
};

Task<void> read_once(Wire& wire, std::span<char> buffer, Instant until, FillResult& result) {
  result = co_await wire.fill(buffer, until);
}

Task<void> send_all(Wire& wire, std::string_view octets, Instant until, int& result) {
  const bool sent = co_await wire.send(octets, until);
  result = sent ? 1 : 0;
}

Task<void> fail() {
  throw std::runtime_error("planted");
  co_return;
}

}  // namespace

TEST_CASE("an accepted connection knows both ends, in both families", "[net]") {
  for (const char* address : {"127.0.0.1:0", "[::1]:0"}) {
    Pair pair(address);
    CHECK(pair.peer.port == pair.client.local_endpoint().port());
    CHECK(pair.peer.address.is_loopback());
    CHECK(pair.mine.port == pair.client.remote_endpoint().port());
  }
}

TEST_CASE("what the peer sent is read, and its close is seen", "[net]") {
  Pair pair;
  net::Connection wire(std::move(*pair.server), pair.deadlines);
  std::array<char, 64> buffer{};
  FillResult result;
  pair.tasks.spawn("read", read_once(wire, buffer, kNever, result));
  pair.client.send(asio::buffer("EHLO", 4));
  pair.loop.run();
  CHECK(result.kind == Fill::Data);
  CHECK(std::string_view(buffer.data(), result.octets) == "EHLO");

  pair.client.close();
  pair.loop.restart();
  pair.tasks.spawn("read", read_once(wire, buffer, kNever, result));
  pair.loop.run();
  CHECK(result.kind == Fill::Closed);
}

TEST_CASE("a deadline ends a wait and leaves the wire usable", "[net]") {
  Pair pair;
  net::Connection wire(std::move(*pair.server), pair.deadlines);
  std::array<char, 64> buffer{};
  FillResult result;
  pair.tasks.spawn("read", read_once(wire, buffer, std::chrono::steady_clock::now() + 1ms, result));
  pair.loop.run();
  CHECK(result.kind == Fill::Timeout);

  pair.client.send(asio::buffer("x", 1));
  pair.loop.restart();
  pair.tasks.spawn("read", read_once(wire, buffer, kNever, result));
  pair.loop.run();
  CHECK(result.kind == Fill::Data);
}

TEST_CASE("waits end in the order of their deadlines", "[net]") {
  Pair one;
  Pair two;
  // Both on one loop and one Deadlines: the second pair only lends its socket's descriptor.
  net::Connection first(std::move(*one.server), one.deadlines);
  TcpSocket moved(one.loop, asio::ip::tcp::v4(), ::dup(two.server->native_handle()));
  net::Connection second(std::move(moved), one.deadlines);
  std::array<char, 8> buffer{};
  FillResult late;
  FillResult early;
  const auto now = std::chrono::steady_clock::now();
  one.tasks.spawn("late", read_once(first, buffer, now + 1h, late));
  one.tasks.spawn("early", read_once(second, buffer, now + 1ms, early));
  while (one.tasks.running() == 2) one.loop.run_one();
  CHECK(early.kind == Fill::Timeout);
  first.abandon();
  one.deadlines.stop();
  one.loop.run();
  CHECK(late.kind == Fill::Closed);
}

TEST_CASE("a peer that does not read stops the sender until the deadline", "[net]") {
  Pair pair;
  net::Connection wire(std::move(*pair.server), pair.deadlines);
  const std::string much(64 * 1024 * 1024, 'x');
  int sent = -1;
  pair.tasks.spawn("send", send_all(wire, much, std::chrono::steady_clock::now() + 5ms, sent));
  pair.loop.run();
  CHECK(sent == 0);
}

TEST_CASE("a task that throws is told and counted out", "[net]") {
  asio::io_context loop;
  Failures failures;
  net::TaskGroup tasks(loop, failures);
  tasks.spawn("bad", fail());
  CHECK(tasks.running() == 1);
  loop.run();
  CHECK(tasks.running() == 0);
  REQUIRE(failures.seen.size() == 1);
  CHECK(failures.seen.front() == "bad: planted");
}

TEST_CASE("a port in use is an error that names the address", "[net]") {
  asio::io_context loop;
  auto first = net::Listener::open(loop, *Endpoint::parse("127.0.0.1:0"));
  REQUIRE(first);
  auto second = net::Listener::open(loop, first->local());
  REQUIRE_FALSE(second);
  CHECK(second.error().detail.starts_with("listen on 127.0.0.1:"));
}
