// SPDX-License-Identifier: Apache-2.0
// tests: a TLS session from memory to memory.
#include "tls/channel.h"

#include <malloc.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "client.h"

namespace gatepost::tls {
namespace {

using tests::Client;
using tests::ClientOrder;
using tests::make_channel;
using tests::make_context;
using tests::read_all;
using tests::shake_hands;

ClientOrder with_tls12() {
  ClientOrder order;
  order.tls12 = true;
  return order;
}

}  // namespace

TEST_CASE("client and server agree and exchange octets both ways", "[tls][channel]") {
  const bool tls12 = GENERATE(false, true);
  ClientOrder order;
  order.tls12 = tls12;
  auto server = make_channel();
  Client client(order);
  REQUIRE(shake_hands(*server, client) == Progress::Done);

  client.write("EHLO client.example\r\n");
  server->feed(client.take_output());
  CHECK(server->has_input());
  CHECK(read_all(*server) == "EHLO client.example\r\n");
  CHECK_FALSE(server->has_input());

  REQUIRE(server->write("250 mx.example\r\n") == Progress::Done);
  client.feed(server->take_output());
  CHECK(client.read() == "250 mx.example\r\n");
}

TEST_CASE("a handshake works in any cut", "[tls][channel]") {
  const auto context = make_context();
  for (const bool tls12 : {false, true}) {
    for (const std::size_t cut : {1U, 2U, 3U, 5U, 6U, 64U}) {
      ClientOrder order;
      order.tls12 = tls12;
      auto server = make_channel(context);
      Client client(order);
      CHECK(shake_hands(*server, client, cut) == Progress::Done);
    }
  }
}

TEST_CASE("a client that goes away at any octet of the handshake ends it", "[tls][channel]") {
  const auto context = make_context();
  Client first;
  CHECK(first.handshake() == MBEDTLS_ERR_SSL_WANT_READ);
  const std::string hello = first.take_output();
  for (std::size_t size = 0; size < hello.size(); ++size) {
    auto server = make_channel(context);
    server->feed(std::string_view(hello).substr(0, size));
    CHECK(server->handshake() == Progress::Wants);
    server->end_of_input();
    CHECK(server->handshake() == Progress::Closed);
    CHECK(server->problem() == "the peer closed");
  }
}

TEST_CASE("no changed octet of a client's handshake gets through as it was", "[tls][channel]") {
  const auto context = make_context();
  const bool tls12 = GENERATE(false, true);
  ClientOrder order;
  order.tls12 = tls12;
  std::size_t length = 0;
  for (std::size_t at = 0; at == 0 || at < length; at += 3) {
    auto server = make_channel(context);
    Client client(order);
    CHECK(client.handshake() == MBEDTLS_ERR_SSL_WANT_READ);
    std::string hello = client.take_output();
    length = hello.size();
    hello[at] = static_cast<char>(hello[at] ^ 0x20);
    server->feed(hello);
    static_cast<void>(server->handshake());
    client.feed(server->take_output());
    // The transcript differs, so the Finished messages cannot agree.
    const auto end = shake_hands(*server, client);
    CHECK(end != Progress::Done);
  }
}

TEST_CASE("octets that are no TLS break the channel for good", "[tls][channel]") {
  auto server = make_channel();
  server->feed("EHLO client.example\r\nMAIL FROM:<>\r\n");
  CHECK(server->handshake() == Progress::Broken);
  CHECK_FALSE(server->problem().empty());
  static_cast<void>(server->take_output());
  server->feed("QUIT\r\n");
  CHECK(server->handshake() == Progress::Broken);
  CHECK(server->write("250 ok\r\n") == Progress::Broken);
  server->close();
  CHECK_FALSE(server->has_output());
}

TEST_CASE("one changed octet of protected data breaks the channel", "[tls][channel]") {
  const bool tls12 = GENERATE(false, true);
  ClientOrder order;
  order.tls12 = tls12;
  auto server = make_channel();
  Client client(order);
  REQUIRE(shake_hands(*server, client) == Progress::Done);
  client.write("RCPT TO:<a@example.com>\r\n");
  auto record = client.take_output();
  record[12] = static_cast<char>(record[12] ^ 1);
  server->feed(record);
  CHECK(read_all(*server).empty());
  std::array<char, 10> buffer{};
  std::size_t octets = 0;
  CHECK(server->read(buffer, octets) == Progress::Broken);
  CHECK(server->has_output());  // The alert.
}

TEST_CASE("the end of the octets without close_notify is an end, not data", "[tls][channel]") {
  auto server = make_channel();
  Client client;
  REQUIRE(shake_hands(*server, client) == Progress::Done);
  client.write("DATA\r\n");
  const auto record = client.take_output();
  server->feed(std::string_view(record).substr(0, record.size() - 1));
  server->end_of_input();
  std::array<char, 100> buffer{};
  std::size_t octets = 0;
  CHECK(server->read(buffer, octets) == Progress::Closed);
  CHECK(octets == 0);
}

TEST_CASE("close_notify ends a session from either side", "[tls][channel]") {
  const bool tls12 = GENERATE(false, true);
  ClientOrder order;
  order.tls12 = tls12;
  auto server = make_channel();
  Client client(order);
  REQUIRE(shake_hands(*server, client) == Progress::Done);
  SECTION("the client's") {
    client.write("QUIT\r\n");
    client.close();
    server->feed(client.take_output());
    CHECK(read_all(*server) == "QUIT\r\n");
    std::array<char, 10> buffer{};
    std::size_t octets = 0;
    CHECK(server->read(buffer, octets) == Progress::Closed);
    CHECK(server->write("too late") == Progress::Closed);
    CHECK_FALSE(server->has_output());
  }
  SECTION("the server's") {
    server->close();
    client.feed(server->take_output());
    CHECK(client.read().empty());
    CHECK(client.last() == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
  }
}

TEST_CASE("a full record is taken through a small buffer and a large text comes whole",
          "[tls][channel]") {
  auto server = make_channel();
  Client client;
  REQUIRE(shake_hands(*server, client) == Progress::Done);
  std::string large(100'000, 'a');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + i % 26);
  client.write(large);
  std::string got;
  const auto wire = client.take_output();
  for (std::size_t at = 0; at < wire.size(); at += 1400) {
    server->feed(std::string_view(wire).substr(at, 1400));
    got += read_all(*server);
  }
  CHECK(got == large);
  REQUIRE(server->write(large) == Progress::Done);
  client.feed(server->take_output());
  CHECK(client.read() == large);
}

TEST_CASE("a peer with no cipher in common is refused with an alert", "[tls][channel]") {
  SECTION("TLS 1.2: an ECDSA cipher and an RSA key") {
    auto order = with_tls12();
    order.suites = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256};
    auto server = make_channel(make_context({.ecdsa = false, .rsa = true}));
    Client client(order);
    CHECK(shake_hands(*server, client) == Progress::Broken);
  }
  SECTION("TLS 1.3: a scheme no key of ours makes") {
    ClientOrder order;
    order.suites = {MBEDTLS_TLS1_3_AES_128_GCM_SHA256};
    order.schemes = {MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256};
    auto server = make_channel();
    Client client(order);
    CHECK(shake_hands(*server, client) == Progress::Broken);
  }
  SECTION("TLS 1.2 where only 1.3 is offered") {
    auto server = make_channel(make_context({.tls12 = false}));
    Client client(with_tls12());
    CHECK(shake_hands(*server, client) == Progress::Broken);
  }
}

TEST_CASE("facts of TLS 1.3 name exchange, signature and digest", "[tls][channel][facts]") {
  ClientOrder order;
  order.server_name = "MX.Example.com";
  order.suites = {MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256};
  SECTION("ECDSA over X25519") {
    auto server = make_channel();
    Client client(order);
    REQUIRE(shake_hands(*server, client) == Progress::Done);
    const TlsFacts expected{.protocol = "TLSv1.3",
                            .cipher = "TLS_CHACHA20_POLY1305_SHA256",
                            .used_bits = 256,
                            .algorithm_bits = 256,
                            .key_exchange = "X25519",
                            .server_signature = "ECDSA (prime256v1)",
                            .server_digest = "SHA256",
                            .server_name = "mx.example.com"};
    CHECK(server->take_facts() == expected);
  }
  SECTION("RSA over P-384, agreed on by a retried hello") {
    order.groups = {MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1};
    order.schemes = {MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384};
    auto server = make_channel(make_context({.rsa = true}));
    Client client(order);
    REQUIRE(shake_hands(*server, client) == Progress::Done);
    const auto facts = server->take_facts();
    CHECK(facts.key_exchange == "ECDHE (P-384)");
    CHECK(facts.server_signature == "RSA-PSS (2048 bits)");
    CHECK(facts.server_digest == "SHA384");
  }
}

TEST_CASE("facts of TLS 1.2 say what its cipher does not already say", "[tls][channel][facts]") {
  auto order = with_tls12();
  order.suites = {MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256};
  auto server = make_channel(make_context({.rsa = true}));
  Client client(order);
  REQUIRE(shake_hands(*server, client) == Progress::Done);
  TlsFacts expected;
  expected.protocol = "TLSv1.2";
  expected.cipher = "ECDHE-RSA-AES128-GCM-SHA256";
  expected.used_bits = 128;
  expected.algorithm_bits = 128;
  CHECK(server->take_facts() == expected);
}

TEST_CASE("the client's schemes choose between an ECDSA and an RSA key", "[tls][channel]") {
  const auto context = make_context({.rsa = true});
  const auto signature = [&](std::vector<std::uint16_t> schemes) {
    ClientOrder order;
    order.schemes = std::move(schemes);
    auto server = make_channel(context);
    Client client(order);
    REQUIRE(shake_hands(*server, client) == Progress::Done);
    const auto* leaf = mbedtls_ssl_get_peer_cert(client.session());
    const bool rsa = mbedtls_pk_can_do(&leaf->pk, MBEDTLS_PK_RSA) != 0;
    const auto said = server->take_facts().server_signature;
    CHECK(said.starts_with(rsa ? "RSA-PSS" : "ECDSA"));
    return said;
  };
  CHECK(signature({MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256}) == "ECDSA (prime256v1)");
  CHECK(signature({MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
                   MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256}) == "RSA-PSS (2048 bits)");
  CHECK(signature({}).starts_with("ECDSA"));
}

TEST_CASE("both ends have the same bindings, and each session its own", "[tls][channel]") {
  const bool tls12 = GENERATE(false, true);
  const bool rsa = GENERATE(false, true);
  ClientOrder order;
  order.tls12 = tls12;
  const auto context = make_context({.ecdsa = !rsa, .rsa = rsa});
  std::string before;
  for (int session = 0; session < 2; ++session) {
    auto server = make_channel(context);
    Client client(order);
    REQUIRE(shake_hands(*server, client) == Progress::Done);
    static_cast<void>(server->take_facts());
    const std::string exported = server->channel_binding(ChannelBinding::Exporter);
    CHECK(exported == client.exported());
    CHECK(exported != before);
    before = exported;
    CHECK(server->channel_binding(ChannelBinding::ServerEndPoint) == client.peer_hash());
    server->close();
    CHECK(server->channel_binding(ChannelBinding::Exporter).empty());
  }
}

TEST_CASE("the end point is the chain that was shown, of two", "[tls][channel]") {
  const auto context = make_context({.ecdsa = true, .rsa = true});
  for (const bool tls12 : {false, true}) {
    for (const bool rsa : {false, true}) {
      ClientOrder order;
      order.tls12 = tls12;
      if (tls12) {
        order.suites = {rsa ? MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
                            : MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256};
      } else {
        order.schemes = {std::uint16_t(rsa ? MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256
                                           : MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256),
                         MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256};
      }
      auto server = make_channel(context);
      Client client(order);
      REQUIRE(shake_hands(*server, client) == Progress::Done);
      static_cast<void>(server->take_facts());
      CHECK(server->channel_binding(ChannelBinding::ServerEndPoint) == client.peer_hash());
    }
  }
}

TEST_CASE("TLS 1.2 without the extended master secret exports no binding", "[tls][channel]") {
  ClientOrder order = with_tls12();
  order.extended = false;
  auto server = make_channel();
  Client client(order);
  REQUIRE(shake_hands(*server, client) == Progress::Done);
  static_cast<void>(server->take_facts());
  CHECK(server->channel_binding(ChannelBinding::Exporter).empty());
  CHECK(server->channel_binding(ChannelBinding::ServerEndPoint) == client.peer_hash());
}

TEST_CASE("of two chains with keys of one type none is taken for the one shown", "[tls][channel]") {
  std::vector<LoadedName> names(1);
  names[0].chains.push_back(tests::make_chain(tests::make_ec_key()));
  names[0].chains.push_back(tests::make_chain(tests::make_ec_key(MBEDTLS_ECP_DP_SECP384R1)));
  auto context = ServerContext::make(std::move(names), /*tls12=*/true);
  REQUIRE(context);
  auto server = make_channel(*context);
  Client client(with_tls12());
  REQUIRE(shake_hands(*server, client) == Progress::Done);
  static_cast<void>(server->take_facts());
  CHECK(server->channel_binding(ChannelBinding::ServerEndPoint).empty());
}

TEST_CASE("a client that asks to renegotiate is not obeyed", "[tls][channel]") {
  auto server = make_channel();
  Client client(with_tls12());
  REQUIRE(shake_hands(*server, client) == Progress::Done);
  // The library's client cannot ask; the next best is a hello in the clear in mid-session.
  Client other(with_tls12());
  CHECK(other.handshake() == MBEDTLS_ERR_SSL_WANT_READ);
  server->feed(other.take_output());
  CHECK(read_all(*server).empty());
  std::array<char, 10> buffer{};
  std::size_t octets = 0;
  CHECK(server->read(buffer, octets) == Progress::Broken);
}

TEST_CASE("an idle session stays within its budget of memory", "[tls][channel][budget]") {
  const auto context = make_context();
  const bool tls12 = GENERATE(false, true);
  constexpr std::size_t kSessions = 50;
  std::vector<std::unique_ptr<Channel>> idle;
  idle.reserve(kSessions);
  const auto open_one = [&] {
    ClientOrder order;
    order.tls12 = tls12;
    idle.push_back(make_channel(context));
    Client client(order);
    REQUIRE(shake_hands(*idle.back(), client) == Progress::Done);
    static_cast<void>(idle.back()->take_facts());
    client.write("EHLO client.example\r\n");
    idle.back()->feed(client.take_output());
    CHECK(read_all(*idle.back()).size() == 21);
  };
  open_one();
  const auto before = ::mallinfo2();
  for (std::size_t i = 1; i < kSessions; ++i) open_one();
  const auto after = ::mallinfo2();
  const auto used =
      (after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) / (kSessions - 1);
  INFO("octets per idle session: " << used);
  // Sanitizers keep their own books; the counters stand still there.
  CHECK(used < 31 * 1024);
}

}  // namespace gatepost::tls
