// SPDX-License-Identifier: Apache-2.0
// tls: a Wire over any other Wire.
#include "tls/secure_wire.h"

#include <array>
#include <utility>

#include "tls/channel.h"

namespace gatepost::tls {
namespace {

/// Plaintext protected at once; what is made of it waits in memory while it is sent.
constexpr std::size_t kMostAtOnce = 16 * 1024;

class ServerWire final : public SecureWire {
 public:
  ServerWire(Wire& inner, std::shared_ptr<const ServerContext> context)
      : inner_(inner), context_(std::move(context)) {}

  Task<Result<TlsFacts>> handshake(Instant until) override;
  std::string channel_binding(ChannelBinding type) override;
  Task<FillResult> fill(std::span<char> buffer, Instant until) override;
  Task<bool> send(std::string_view octets, Instant until) override;
  bool has_input() override;
  void close() override;

 private:
  /// There is no way back from Ended: the inner wire is never used in the clear again.
  enum class State : std::uint8_t { Fresh, Open, Ended };

  Task<bool> flush(Instant until);
  void end();

  Wire& inner_;
  std::shared_ptr<const ServerContext> context_;
  std::unique_ptr<Channel> channel_;
  State state_ = State::Fresh;
};

Task<bool> ServerWire::flush(Instant until) {
  if (!channel_->has_output()) co_return true;
  const std::string output = channel_->take_output();
  const bool sent = co_await inner_.send(output, until);
  co_return sent;
}

void ServerWire::end() {
  state_ = State::Ended;
  // The keys and buffers go now, not when the last log line has been written.
  channel_.reset();
}

Task<Result<TlsFacts>> ServerWire::handshake(Instant until) {
  if (state_ != State::Fresh || !context_) {
    co_return Error{Cause::Bug, "handshake without certificates, or the second one"};
  }
  state_ = State::Ended;
  auto made = Channel::make(std::move(context_));
  if (!made) co_return std::move(made).error();
  channel_ = *std::move(made);
  std::array<char, 2048> buffer;
  for (;;) {
    const Progress progress = channel_->handshake();
    // Also when it is broken: the alert tells the peer why.
    const bool sent = co_await flush(until);
    if (progress == Progress::Done && sent) break;
    if (progress == Progress::Closed || progress == Progress::Broken || !sent) {
      Error error{Cause::Permanent, sent ? channel_->problem() : "the peer does not read"};
      end();
      co_return error;
    }
    const FillResult raw = co_await inner_.fill(buffer, until);
    if (raw.kind == Fill::Timeout) {
      end();
      co_return Error{Cause::Cancelled, "the handshake took too long"};
    }
    if (raw.kind == Fill::Closed) channel_->end_of_input();
    if (raw.kind == Fill::Data) channel_->feed({buffer.data(), raw.octets});
  }
  state_ = State::Open;
  co_return channel_->take_facts();
}

Task<FillResult> ServerWire::fill(std::span<char> buffer, Instant until) {
  while (state_ == State::Open) {
    std::size_t octets = 0;
    const Progress progress = channel_->read(buffer, octets);
    // At once: the buffer may be shared, and an await would let another wire write to it.
    if (progress == Progress::Done) co_return FillResult{Fill::Data, octets};
    // The library may have an alert to send: a refused renegotiation, a protocol error.
    const bool sent = co_await flush(until);
    if (progress != Progress::Wants || !sent) break;
    // The caller's buffer serves for the ciphertext too, so that an idle session pins none.
    const FillResult raw = co_await inner_.fill(buffer, until);
    if (raw.kind == Fill::Timeout) co_return raw;
    if (raw.kind == Fill::Closed) channel_->end_of_input();
    if (raw.kind == Fill::Data) channel_->feed({buffer.data(), raw.octets});
  }
  if (state_ == State::Open) end();
  co_return FillResult{Fill::Closed, 0};
}

Task<bool> ServerWire::send(std::string_view octets, Instant until) {
  while (state_ == State::Open && !octets.empty()) {
    const auto piece = octets.substr(0, kMostAtOnce);
    octets.remove_prefix(piece.size());
    const Progress progress = channel_->write(piece);
    const bool sent = co_await flush(until);
    // Half a record may be under way; what would follow it could not be read.
    if (progress != Progress::Done || !sent) end();
  }
  co_return state_ == State::Open;
}

std::string ServerWire::channel_binding(ChannelBinding type) {
  return state_ == State::Open ? channel_->channel_binding(type) : std::string();
}

bool ServerWire::has_input() {
  return state_ == State::Open && (channel_->has_input() || inner_.has_input());
}

void ServerWire::close() {
  if (state_ == State::Open) {
    channel_->close();
    const std::string farewell = channel_->take_output();
    inner_.send_at_once(farewell);
    end();
  }
  inner_.close();
}

}  // namespace

std::unique_ptr<SecureWire> make_server_wire(Wire& inner,
                                             std::shared_ptr<const ServerContext> context) {
  return std::make_unique<ServerWire>(inner, std::move(context));
}

}  // namespace gatepost::tls
