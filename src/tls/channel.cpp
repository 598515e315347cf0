// SPDX-License-Identifier: Apache-2.0
// tls: the server's end of one TLS session, from memory to memory; no socket, no clock.
#include "tls/channel.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <mbedtls/ssl_ciphersuites.h>

#include "base/format.h"
#include "tls/names.h"

namespace gatepost::tls {
namespace {

/// The scheme mbedTLS signs a TLS 1.3 handshake with, and the chain it takes: the first in the
/// client's order that any chain can make.
std::pair<const Chain*, std::uint16_t> decide_signature(
    const std::vector<std::uint16_t>& schemes, const std::vector<std::unique_ptr<Chain>>& chains) {
  for (const auto scheme : schemes) {
    for (const auto& chain : chains) {
      if (chain->signs(scheme)) return {chain.get(), scheme};
    }
  }
  return {nullptr, 0};
}

std::string signature_name(const Chain& chain) {
  switch (chain.type()) {
    case KeyType::Rsa:
      return format("RSA-PSS ({} bits)", chain.bits());
    case KeyType::EcdsaP256:
      return "ECDSA (prime256v1)";
    case KeyType::EcdsaP384:
      return "ECDSA (secp384r1)";
  }
  std::unreachable();
}

}  // namespace

Channel::Channel(std::shared_ptr<const ServerContext> context)
    : context_(std::move(context)),
      client_hello_(std::make_unique<HelloReader>()),
      server_hello_(std::make_unique<HelloReader>()) {
  mbedtls_ssl_init(&session_);
}

Channel::~Channel() {
  mbedtls_ssl_free(&session_);
}

Result<std::unique_ptr<Channel>> Channel::make(std::shared_ptr<const ServerContext> context) {
  std::unique_ptr<Channel> made(new Channel(std::move(context)));
  const int set = mbedtls_ssl_setup(&made->session_, &made->context_->config());
  if (set != 0) return Error{Cause::Temporary, format("TLS session: {}", describe(set))};
  mbedtls_ssl_set_bio(&made->session_, made.get(), &Channel::on_send, &Channel::on_receive,
                      nullptr);
  mbedtls_ssl_set_user_data_p(&made->session_, &made->server_name_);
  return made;
}

int Channel::on_send(void* self, const unsigned char* octets, std::size_t count) {
  auto& channel = *static_cast<Channel*>(self);
  const std::string_view made(reinterpret_cast<const char*>(octets), count);
  if (channel.server_hello_) channel.server_hello_->feed(made);
  channel.output_.append(made);
  return static_cast<int>(count);
}

int Channel::on_receive(void* self, unsigned char* octets, std::size_t count) {
  auto& channel = *static_cast<Channel*>(self);
  const auto left = channel.input_.size() - channel.taken_;
  if (left == 0) return channel.ended_ ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
  const auto taken = std::min(left, count);
  std::memcpy(octets, channel.input_.data() + channel.taken_, taken);
  channel.taken_ += taken;
  if (channel.taken_ == channel.input_.size()) {
    // Not clear(): that would keep the memory for as long as the session idles.
    channel.input_ = std::string();
    channel.taken_ = 0;
  }
  return static_cast<int>(taken);
}

void Channel::feed(std::string_view ciphertext) {
  if (over_) return;
  if (client_hello_) client_hello_->feed(ciphertext);
  input_.erase(0, std::exchange(taken_, 0));
  input_.append(ciphertext);
}

std::string Channel::take_output() {
  return std::exchange(output_, std::string());
}

Progress Channel::judge(int result) {
  if (result == MBEDTLS_ERR_SSL_WANT_READ) return Progress::Wants;
  const bool ended = result == 0 || result == MBEDTLS_ERR_SSL_CONN_EOF ||
                     result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY;
  over_ = true;
  end_ = ended ? Progress::Closed : Progress::Broken;
  problem_ = ended ? std::string("the peer closed") : describe(result);
  return end_;
}

Progress Channel::handshake() {
  if (over_) return end_;
  const int result = mbedtls_ssl_handshake(&session_);
  return result == 0 ? Progress::Done : judge(result);
}

Progress Channel::read(std::span<char> buffer, std::size_t& octets) {
  octets = 0;
  if (over_) return end_;
  const int result =
      mbedtls_ssl_read(&session_, reinterpret_cast<unsigned char*>(buffer.data()), buffer.size());
  if (result <= 0) return judge(result);
  octets = static_cast<std::size_t>(result);
  return Progress::Done;
}

Progress Channel::write(std::string_view plaintext) {
  while (!plaintext.empty()) {
    if (over_) return end_;
    const int result = mbedtls_ssl_write(
        &session_, reinterpret_cast<const unsigned char*>(plaintext.data()), plaintext.size());
    // on_send() takes everything, so a write has nothing to wait for: not even WANT_READ may
    // be taken for an invitation to try the same octets again later.
    if (result <= 0) {
      if (judge(result) == Progress::Wants) problem_ = "a write had to wait";
      over_ = true;
      return end_ = Progress::Broken;
    }
    plaintext.remove_prefix(static_cast<std::size_t>(result));
  }
  return Progress::Done;
}

void Channel::close() {
  if (over_) return;
  // It can only fail for want of a session; there is nobody to tell then.
  static_cast<void>(mbedtls_ssl_close_notify(&session_));
  over_ = true;
  end_ = Progress::Closed;
}

bool Channel::has_input() const {
  return !over_ && (mbedtls_ssl_check_pending(&session_) != 0 || !input_.empty());
}

void Channel::name_key_exchange(TlsFacts& facts) {
  if (!client_hello_ || !server_hello_) return;
  facts.key_exchange = group_name(server_hello_->group());
  const auto& chains = context_->chains_for(facts.server_name);
  const auto [chain, scheme] = decide_signature(client_hello_->schemes(), chains);
  if (chain == nullptr) return;
  shown_ = chain;
  facts.server_signature = signature_name(*chain);
  facts.server_digest = digest_name(scheme);
}

void Channel::find_shown_chain(const TlsFacts& facts) {
  // In TLS 1.2 the cipher tells the type of the key. Of two chains with such keys the library
  // takes the one whose curve the client knows, and does not tell.
  const bool rsa = facts.cipher.find("-RSA-") != std::string::npos;
  for (const auto& chain : context_->chains_for(facts.server_name)) {
    if (rsa != (chain->type() == KeyType::Rsa)) continue;
    if (shown_ != nullptr) {
      shown_ = nullptr;
      return;
    }
    shown_ = chain.get();
  }
}

std::string Channel::channel_binding(ChannelBinding type) {
  if (over_) return {};
  if (type == ChannelBinding::ServerEndPoint) {
    return shown_ == nullptr ? std::string() : shown_->end_point();
  }
  if (!exports_) return {};
  constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
  std::string out(32, '\0');
  // An empty context and none differ in TLS 1.2; RFC 9266 section 2 wants an empty one.
  const int code = mbedtls_ssl_export_keying_material(
      &session_, reinterpret_cast<unsigned char*>(out.data()), out.size(), kLabel.data(),
      kLabel.size(), nullptr, 0, /*use_context=*/1);
  return code == 0 ? out : std::string();
}

TlsFacts Channel::take_facts() {
  TlsFacts facts;
  facts.protocol = mbedtls_ssl_get_version(&session_);
  const char* suite = mbedtls_ssl_get_ciphersuite(&session_);
  facts.cipher = openssl_cipher(suite);
  const auto* info = mbedtls_ssl_ciphersuite_from_string(suite);
  if (info != nullptr) {
    facts.used_bits = static_cast<unsigned>(mbedtls_ssl_ciphersuite_get_cipher_key_bitlen(info));
    facts.algorithm_bits = facts.used_bits;
  }
  facts.server_name = std::move(server_name_);
  // In TLS 1.2 the cipher's name says it all; Postfix logs no more either.
  if (mbedtls_ssl_get_version_number(&session_) == MBEDTLS_SSL_VERSION_TLS1_3) {
    name_key_exchange(facts);
    exports_ = true;
  } else {
    find_shown_chain(facts);
    // Without the extended master secret an attacker in the middle can give two sessions the same
    // (RFC 9266 section 4).
    exports_ = server_hello_ && server_hello_->extended_master_secret();
  }
  client_hello_.reset();
  server_hello_.reset();
  return facts;
}

}  // namespace gatepost::tls
