// SPDX-License-Identifier: Apache-2.0
// tests: a protected wire over one made of memory.
#include "tls/secure_wire.h"

#include <exception>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "client.h"

namespace gatepost::tls {
namespace {

using tests::Client;
using tests::ClientOrder;

/// The clear side: what the server sends reaches the client at once, what the client says is
/// taken when the server asks, at most `cut` octets at a time. Never waits: silence is a timeout.
class MemoryWire final : public Wire {
 public:
  explicit MemoryWire(Client& client) : client_(client) {}

  Task<FillResult> fill(std::span<char> buffer, Instant /*until*/) override {
    if (shaking) static_cast<void>(client_.handshake());
    pending += client_.take_output();
    if (pending.empty()) co_return FillResult{closed ? Fill::Closed : Fill::Timeout, 0};
    const auto taken = std::min({pending.size(), buffer.size(), cut});
    std::copy_n(pending.begin(), taken, buffer.begin());
    pending.erase(0, taken);
    co_return FillResult{Fill::Data, taken};
  }
  Task<bool> send(std::string_view octets, Instant /*until*/) override {
    if (deaf) co_return false;
    client_.feed(octets);
    clear += octets;
    co_return true;
  }
  bool has_input() override { return !pending.empty(); }
  void send_at_once(std::string_view octets) override { client_.feed(octets); }
  void close() override { ended = true; }

  bool shaking = true;
  bool closed = false;
  bool deaf = false;
  bool ended = false;
  std::size_t cut = std::string::npos;
  std::string pending;
  std::string clear;  // All that went out.

 private:
  Client& client_;
};

/// Runs a task that never waits and returns its value.
template <class T>
T run(Task<T> task) {
  asio::io_context loop;
  std::optional<T> result;
  std::exception_ptr thrown;
  asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error, T value) {
    thrown = error;
    result = std::move(value);
  });
  loop.run();
  if (thrown) std::rethrow_exception(thrown);
  REQUIRE(result);
  return *std::move(result);
}

// co_spawn needs a value to give when a task throws, which a Result cannot invent.
struct Shaken {
  bool ok = false;
  TlsFacts facts;
  Error error;
};
Task<Shaken> shake(SecureWire& wire) {
  const Instant until = kNever;
  auto result = co_await wire.handshake(until);
  Shaken shaken;
  shaken.ok = static_cast<bool>(result);
  if (result) {
    shaken.facts = *std::move(result);
  } else {
    shaken.error = std::move(result).error();
  }
  co_return shaken;
}

struct Pair {
  explicit Pair(ClientOrder order = {}) : client(std::move(order)), inner(client) {
    wire = make_server_wire(inner, tests::make_context());
  }
  void open() {
    REQUIRE(run(shake(*wire)).ok);
    REQUIRE(client.handshake() == 0);
    inner.shaking = false;
  }
  FillResult fill() { return run(wire->fill(buffer, kNever)); }
  bool send(std::string_view text) { return run(wire->send(text, kNever)); }

  Client client;
  MemoryWire inner;
  std::unique_ptr<SecureWire> wire;
  std::array<char, 1000> buffer{};
};

}  // namespace

TEST_CASE("octets pass both ways and nothing of them goes out in the clear", "[tls][wire]") {
  Pair pair;
  pair.open();
  pair.client.write("EHLO client.example\r\n");
  const auto filled = pair.fill();
  CHECK(filled.kind == Fill::Data);
  CHECK(std::string_view(pair.buffer.data(), filled.octets) == "EHLO client.example\r\n");
  CHECK(pair.send("250 mx.example\r\n"));
  CHECK(pair.client.read() == "250 mx.example\r\n");
  CHECK(pair.inner.clear.find("mx.example\r\n") == std::string::npos);
}

TEST_CASE("the handshake tells what was agreed on", "[tls][wire]") {
  Pair pair;
  const auto shaken = run(shake(*pair.wire));
  REQUIRE(shaken.ok);
  CHECK(shaken.facts.protocol == "TLSv1.3");
}

TEST_CASE("a peer that sends single octets is served", "[tls][wire]") {
  Pair pair;
  pair.inner.cut = 1;
  pair.open();
  pair.client.write("NOOP\r\n");
  const auto filled = pair.fill();
  CHECK(std::string_view(pair.buffer.data(), filled.octets) == "NOOP\r\n");
}

TEST_CASE("a buffer of one octet gets everything", "[tls][wire]") {
  Pair pair;
  pair.open();
  pair.client.write("RSET\r\nNOOP\r\n");
  std::string got;
  while (true) {
    char octet = 0;
    const auto filled = run(pair.wire->fill({&octet, 1}, kNever));
    if (filled.kind != Fill::Data) break;
    got += octet;
  }
  CHECK(got == "RSET\r\nNOOP\r\n");
}

TEST_CASE("what the client sends right after its Finished is not lost", "[tls][wire]") {
  Pair pair;
  Shaken shaken;
  // Client's last flight and first command in one read.
  CHECK(pair.client.handshake() == MBEDTLS_ERR_SSL_WANT_READ);
  shaken = run(shake(*pair.wire));
  REQUIRE(shaken.ok);
  pair.client.write("EHLO a\r\n");
  pair.client.write("NOOP\r\n");
  const auto first = pair.fill();
  CHECK(std::string_view(pair.buffer.data(), first.octets) == "EHLO a\r\n");
  CHECK(pair.wire->has_input());
  const auto second = pair.fill();
  CHECK(std::string_view(pair.buffer.data(), second.octets) == "NOOP\r\n");
  CHECK_FALSE(pair.wire->has_input());
}

TEST_CASE("silence is a timeout and the wire stays usable", "[tls][wire]") {
  Pair pair;
  pair.open();
  CHECK(pair.fill().kind == Fill::Timeout);
  pair.client.write("QUIT\r\n");
  CHECK(pair.fill().kind == Fill::Data);
}

TEST_CASE("a silent peer ends the handshake for good", "[tls][wire]") {
  Pair pair;
  pair.inner.shaking = false;
  const auto shaken = run(shake(*pair.wire));
  CHECK(shaken.error.cause == Cause::Cancelled);
  CHECK(shaken.error.detail == "the handshake took too long");
  CHECK(run(shake(*pair.wire)).error.cause == Cause::Bug);
}

TEST_CASE("a peer that goes away in the handshake or speaks no TLS is told from a slow one",
          "[tls][wire]") {
  Pair gone;
  gone.inner.shaking = false;
  gone.inner.closed = true;
  CHECK(run(shake(*gone.wire)).error.detail == "the peer closed");
  Pair clear;
  clear.inner.shaking = false;
  clear.inner.pending = "EHLO client.example\r\n";
  CHECK(run(shake(*clear.wire)).error.cause == Cause::Permanent);
}

TEST_CASE("after a failed handshake nothing is read or sent in the clear", "[tls][wire]") {
  Pair pair;
  pair.inner.shaking = false;
  pair.inner.pending = "EHLO client.example\r\n";
  CHECK_FALSE(run(shake(*pair.wire)).ok);
  const auto said = pair.inner.clear;
  pair.inner.pending = "MAIL FROM:<>\r\n";
  CHECK(pair.fill().kind == Fill::Closed);
  CHECK_FALSE(pair.send("250 ok\r\n"));
  CHECK_FALSE(pair.wire->has_input());
  CHECK(pair.inner.clear == said);
}

TEST_CASE("before the handshake nothing passes", "[tls][wire]") {
  Pair pair;
  pair.inner.pending = "MAIL FROM:<>\r\n";
  CHECK(pair.fill().kind == Fill::Closed);
  CHECK_FALSE(pair.send("220 mx\r\n"));
  CHECK(pair.inner.clear.empty());
}

TEST_CASE("a stream that ends without close_notify is closed", "[tls][wire]") {
  Pair pair;
  pair.open();
  pair.client.write("DATA\r\n");
  auto record = pair.client.take_output();
  record.pop_back();
  pair.inner.pending = record;
  pair.inner.closed = true;
  CHECK(pair.fill().kind == Fill::Closed);
}

TEST_CASE("garbage in mid-session closes it and tells the peer why", "[tls][wire]") {
  Pair pair;
  pair.open();
  pair.inner.pending = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
  CHECK(pair.fill().kind == Fill::Closed);
  CHECK(pair.client.read().empty());
  CHECK(pair.client.last() == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
  CHECK_FALSE(pair.send("250 ok\r\n"));
}

TEST_CASE("a peer that no longer reads ends the session", "[tls][wire]") {
  Pair pair;
  pair.open();
  pair.inner.deaf = true;
  CHECK_FALSE(pair.send("250 ok\r\n"));
  pair.inner.deaf = false;
  CHECK_FALSE(pair.send("250 ok\r\n"));
}

TEST_CASE("closing says close_notify once", "[tls][wire]") {
  Pair pair;
  pair.open();
  pair.wire->close();
  CHECK(pair.inner.ended);
  CHECK(pair.client.read().empty());
  CHECK(pair.client.last() == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
}

TEST_CASE("a large text goes out whole", "[tls][wire]") {
  Pair pair;
  pair.open();
  const std::string large(70'000, 'z');
  CHECK(pair.send(large));
  CHECK(pair.client.read() == large);
}

TEST_CASE("without certificates the handshake is refused, not begun", "[tls][wire]") {
  Client client;
  MemoryWire inner(client);
  const auto wire = make_server_wire(inner, nullptr);
  CHECK(run(shake(*wire)).error.cause == Cause::Bug);
  CHECK(inner.clear.empty());
}

}  // namespace gatepost::tls
