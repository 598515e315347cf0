// SPDX-License-Identifier: Apache-2.0
// tests: the hellos as they pass by.
#include "tls/hello.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "client.h"

namespace gatepost::tls {
namespace {

using tests::Client;

std::string client_hello() {
  tests::ClientOrder order;
  order.server_name = "mx.example.com";
  order.schemes = {MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
                   MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256};
  Client client(order);
  CHECK(client.handshake() == MBEDTLS_ERR_SSL_WANT_READ);
  return client.take_output();
}

const std::vector<std::uint16_t> kOffered{MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
                                          MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256};

/// The same handshake octets in records of at most `size`.
std::string in_records(const std::string& record, std::size_t size) {
  std::string out;
  for (std::size_t at = 5; at < record.size(); at += size) {
    const auto piece = record.substr(at, size);
    out += record.substr(0, 3);
    out += static_cast<char>(piece.size() >> 8);
    out += static_cast<char>(piece.size() & 0xFF);
    out += piece;
  }
  return out;
}

}  // namespace

TEST_CASE("the client's signature schemes are read in its order", "[tls][hello]") {
  HelloReader reader;
  reader.feed(client_hello());
  CHECK(reader.done());
  CHECK(reader.schemes() == kOffered);
}

TEST_CASE("a hello may come in single octets and in many records", "[tls][hello]") {
  for (const std::size_t size : {1U, 7U, 100U, 16000U}) {
    HelloReader reader;
    for (const char c : in_records(client_hello(), size)) reader.feed({&c, 1});
    CHECK(reader.schemes() == kOffered);
  }
}

TEST_CASE("a hello cut short is waited for, not guessed", "[tls][hello]") {
  const auto whole = client_hello();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    HelloReader reader;
    reader.feed(std::string_view(whole).substr(0, size));
    CHECK(reader.schemes().empty());
    CHECK_FALSE(reader.done());
  }
}

TEST_CASE("a hello with any octet changed does no harm", "[tls][hello]") {
  const auto whole = client_hello();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char changed : {'\x00', '\x7f', '\xff'}) {
      auto bad = whole;
      bad[at] = changed;
      HelloReader reader;
      reader.feed(bad);
      CHECK(reader.schemes().size() <= 64);
    }
  }
}

TEST_CASE("octets that are no TLS end the reading", "[tls][hello]") {
  HelloReader reader;
  reader.feed("EHLO client.example\r\n");
  reader.feed(std::string(40000, 'x'));
  CHECK(reader.done());
  CHECK(reader.schemes().empty());
}

}  // namespace gatepost::tls
