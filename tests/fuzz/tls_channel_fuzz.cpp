// SPDX-License-Identifier: Apache-2.0
// tests: any octets as the client's side of a handshake and of an open session.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include <mbedtls/ssl.h>

#include "tls/channel.h"
#include "tls/context.h"
#include "tls/self_signed.h"

namespace {

using gatepost::tls::Channel;
using gatepost::tls::Progress;

void require(bool holds) {
  if (!holds) std::abort();
}

std::shared_ptr<const gatepost::tls::ServerContext> make_context() {
  namespace tls = gatepost::tls;
  auto crypto = tls::Crypto::start();
  require(static_cast<bool>(crypto));
  const auto pem = tls::make_self_signed(*crypto, "mx.example", gatepost::Moment());
  require(static_cast<bool>(pem));
  auto chain = tls::Chain::parse(*crypto, *pem, *pem);
  require(static_cast<bool>(chain));
  std::vector<tls::LoadedName> names(1);
  names[0].chains.push_back(*std::move(chain));
  auto context = tls::ServerContext::make(std::move(names), true);
  require(static_cast<bool>(context));
  return *std::move(context);
}

/// A client good enough to open a session, so that what follows meets the open state too.
class Opener {
 public:
  Opener() {
    mbedtls_ssl_config_init(&config_);
    mbedtls_ssl_init(&session_);
    mbedtls_ssl_config_defaults(&config_, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_rng(&config_, gatepost::tls::library_random, nullptr);
    mbedtls_ssl_conf_authmode(&config_, MBEDTLS_SSL_VERIFY_NONE);
    require(mbedtls_ssl_setup(&session_, &config_) == 0);
    mbedtls_ssl_set_hostname(&session_, nullptr);
    mbedtls_ssl_set_bio(&session_, this, &Opener::on_send, &Opener::on_receive, nullptr);
  }
  Opener(const Opener&) = delete;
  Opener& operator=(const Opener&) = delete;
  ~Opener() {
    mbedtls_ssl_free(&session_);
    mbedtls_ssl_config_free(&config_);
  }
  void open(Channel& server) {
    auto progress = Progress::Wants;
    while (progress == Progress::Wants) {
      static_cast<void>(mbedtls_ssl_handshake(&session_));
      server.feed(output_);
      output_.clear();
      progress = server.handshake();
      input_ += server.take_output();
    }
    require(progress == Progress::Done);
  }

 private:
  static int on_send(void* self, const unsigned char* octets, std::size_t count) {
    static_cast<Opener*>(self)->output_.append(reinterpret_cast<const char*>(octets), count);
    return static_cast<int>(count);
  }
  static int on_receive(void* self, unsigned char* octets, std::size_t count) {
    auto& input = static_cast<Opener*>(self)->input_;
    if (input.empty()) return MBEDTLS_ERR_SSL_WANT_READ;
    count = std::min(count, input.size());
    std::memcpy(octets, input.data(), count);
    input.erase(0, count);
    return static_cast<int>(count);
  }
  mbedtls_ssl_config config_;
  mbedtls_ssl_context session_;
  std::string input_;
  std::string output_;
};

}  // namespace

/// The first octet says whether a session is opened before and how large the pieces are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto context = make_context();
  if (size == 0) return 0;
  const std::size_t piece = (data[0] & 0x7FU) + 1;
  const bool open = (data[0] & 0x80U) != 0;
  std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto made = Channel::make(context);
  require(static_cast<bool>(made));
  Channel& server = **made;
  if (open) {
    Opener opener;
    opener.open(server);
  }
  auto progress = open ? Progress::Done : Progress::Wants;
  std::array<char, 512> buffer{};
  while (!octets.empty()) {
    server.feed(octets.substr(0, piece));
    octets.remove_prefix(std::min(piece, octets.size()));
    if (progress == Progress::Wants) progress = server.handshake();
    std::size_t count = 0;
    while (progress == Progress::Done && server.read(buffer, count) == Progress::Done) {
      // Nobody who lacks the keys can make octets we would take.
      require(!open);
    }
    static_cast<void>(server.take_output());
  }
  server.end_of_input();
  if (progress == Progress::Wants) require(server.handshake() != Progress::Wants);
  return 0;
}
