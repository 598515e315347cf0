// SPDX-License-Identifier: Apache-2.0
// tests: a TLS client from memory to memory, and the walk of octets between it and a server.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <mbedtls/ssl.h>

#include "certificates.h"
#include "tls/channel.h"

namespace gatepost::tests {

struct ClientOrder {
  std::string server_name;             ///< Empty: no SNI.
  bool tls12 = false;                  ///< TLS 1.2 only, instead of both.
  bool extended = true;                ///< Extended master secret in TLS 1.2.
  std::vector<int> suites;             ///< Empty: the library's.
  std::vector<std::uint16_t> schemes;  ///< Empty: the library's.
  std::vector<std::uint16_t> groups;   ///< Empty: the library's.
};

class Client {
 public:
  explicit Client(ClientOrder order = {}) : order_(std::move(order)) {
    static_cast<void>(crypto());
    mbedtls_ssl_config_init(&config_);
    mbedtls_ssl_init(&session_);
    REQUIRE(mbedtls_ssl_config_defaults(&config_, MBEDTLS_SSL_IS_CLIENT,
                                        MBEDTLS_SSL_TRANSPORT_STREAM,
                                        MBEDTLS_SSL_PRESET_DEFAULT) == 0);
    mbedtls_ssl_conf_rng(&config_, tls::library_random, nullptr);
    mbedtls_ssl_conf_authmode(&config_, MBEDTLS_SSL_VERIFY_NONE);
    if (order_.tls12) mbedtls_ssl_conf_max_tls_version(&config_, MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_extended_master_secret(&config_, order_.extended
                                                          ? MBEDTLS_SSL_EXTENDED_MS_ENABLED
                                                          : MBEDTLS_SSL_EXTENDED_MS_DISABLED);
    if (!order_.suites.empty()) {
      order_.suites.push_back(0);
      mbedtls_ssl_conf_ciphersuites(&config_, order_.suites.data());
    }
    if (!order_.schemes.empty()) {
      order_.schemes.push_back(MBEDTLS_TLS1_3_SIG_NONE);
      mbedtls_ssl_conf_sig_algs(&config_, order_.schemes.data());
    }
    if (!order_.groups.empty()) {
      order_.groups.push_back(MBEDTLS_SSL_IANA_TLS_GROUP_NONE);
      mbedtls_ssl_conf_groups(&config_, order_.groups.data());
    }
    REQUIRE(mbedtls_ssl_setup(&session_, &config_) == 0);
    const char* name = order_.server_name.empty() ? nullptr : order_.server_name.c_str();
    REQUIRE(mbedtls_ssl_set_hostname(&session_, name) == 0);
    mbedtls_ssl_set_bio(&session_, this, &Client::on_send, &Client::on_receive, nullptr);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() {
    mbedtls_ssl_free(&session_);
    mbedtls_ssl_config_free(&config_);
  }

  void feed(std::string_view octets) { input_ += octets; }
  std::string take_output() { return std::exchange(output_, {}); }

  /// 0 when done, else the library's code.
  int handshake() { return mbedtls_ssl_handshake(&session_); }
  void write(std::string_view text) {
    while (!text.empty()) {
      const int wrote = mbedtls_ssl_write(
          &session_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
      REQUIRE(wrote > 0);
      text.remove_prefix(static_cast<std::size_t>(wrote));
    }
  }
  /// All plaintext that can be read now.
  std::string read() {
    std::string text;
    std::array<unsigned char, 4096> buffer{};
    for (;;) {
      last_ = mbedtls_ssl_read(&session_, buffer.data(), buffer.size());
      if (last_ <= 0) return text;
      text.append(reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(last_));
    }
  }
  /// What the last read() ended with.
  [[nodiscard]] int last() const { return last_; }
  void close() { mbedtls_ssl_close_notify(&session_); }
  [[nodiscard]] std::string peer_name() const {
    const auto* leaf = mbedtls_ssl_get_peer_cert(&session_);
    if (leaf == nullptr) return {};
    std::array<char, 256> text{};
    mbedtls_x509_dn_gets(text.data(), text.size(), &leaf->subject);
    return text.data();
  }
  mbedtls_ssl_context* session() { return &session_; }
  /// "tls-exporter" as this end has it (RFC 9266).
  std::string exported() {
    constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
    std::string out(32, '\0');
    REQUIRE(mbedtls_ssl_export_keying_material(
                &session_, reinterpret_cast<unsigned char*>(out.data()), out.size(), kLabel.data(),
                kLabel.size(), nullptr, 0, 1) == 0);
    return out;
  }
  /// The certificate it was shown, hashed with SHA-256.
  std::string peer_hash() {
    const auto* leaf = mbedtls_ssl_get_peer_cert(&session_);
    REQUIRE(leaf != nullptr);
    std::string out(32, '\0');
    REQUIRE(mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), leaf->raw.p, leaf->raw.len,
                       reinterpret_cast<unsigned char*>(out.data())) == 0);
    return out;
  }

 private:
  static int on_send(void* self, const unsigned char* octets, std::size_t count) {
    static_cast<Client*>(self)->output_.append(reinterpret_cast<const char*>(octets), count);
    return static_cast<int>(count);
  }
  static int on_receive(void* self, unsigned char* octets, std::size_t count) {
    auto& input = static_cast<Client*>(self)->input_;
    if (input.empty()) return MBEDTLS_ERR_SSL_WANT_READ;
    const auto taken = std::min(count, input.size());
    std::memcpy(octets, input.data(), taken);
    input.erase(0, taken);
    return static_cast<int>(taken);
  }

  ClientOrder order_;
  mbedtls_ssl_config config_;
  mbedtls_ssl_context session_;
  std::string input_;
  std::string output_;
  int last_ = 0;
};

/// One key and its certificate, as the server loads them.
inline std::unique_ptr<tls::Chain> make_chain(const std::string& key,
                                              const CertificateOrder& order = {}) {
  const Secret certificate(make_certificate(key, order));
  auto chain = tls::Chain::parse(crypto(), certificate, Secret(key));
  REQUIRE(chain);
  return *std::move(chain);
}

struct ContextOrder {
  bool ecdsa = true;
  bool rsa = false;
  bool tls12 = true;
};

inline std::shared_ptr<const tls::ServerContext> make_context(ContextOrder order = {}) {
  std::vector<tls::LoadedName> names(1);
  if (order.ecdsa) names[0].chains.push_back(make_chain(make_ec_key()));
  if (order.rsa) names[0].chains.push_back(make_chain(kRsaKey));
  auto context = tls::ServerContext::make(std::move(names), order.tls12);
  REQUIRE(context);
  return *std::move(context);
}

inline std::unique_ptr<tls::Channel> make_channel(
    std::shared_ptr<const tls::ServerContext> context = make_context()) {
  auto channel = tls::Channel::make(std::move(context));
  REQUIRE(channel);
  return *std::move(channel);
}

/// Hands octets to and fro until both ends are done or one can do no more; the client's in
/// pieces of `cut`.
inline tls::Progress shake_hands(tls::Channel& server,
                                 Client& client,
                                 std::size_t cut = std::string::npos) {
  auto progress = tls::Progress::Wants;
  for (int round = 0; round < 20; ++round) {
    const int own = client.handshake();
    const std::string said = client.take_output();
    for (std::size_t at = 0; at < said.size(); at += std::min(cut, said.size())) {
      server.feed(std::string_view(said).substr(at, cut));
      if (progress == tls::Progress::Wants) progress = server.handshake();
    }
    client.feed(server.take_output());
    if (progress == tls::Progress::Closed || progress == tls::Progress::Broken) break;
    if (own == 0 && progress == tls::Progress::Done) break;
    if (own != 0 && own != MBEDTLS_ERR_SSL_WANT_READ) {
      server.end_of_input();
      progress = server.handshake();
      break;
    }
  }
  return progress;
}

inline std::string read_all(tls::Channel& server) {
  std::string text;
  std::array<char, 1000> buffer{};
  std::size_t octets = 0;
  while (server.read(buffer, octets) == tls::Progress::Done) text.append(buffer.data(), octets);
  return text;
}

}  // namespace gatepost::tests
