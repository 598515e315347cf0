// SPDX-License-Identifier: Apache-2.0
// tls: the server's end of one TLS session, from memory to memory; no socket, no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <mbedtls/ssl.h>

#include "base/result.h"
#include "base/tls_facts.h"
#include "tls/context.h"
#include "tls/hello.h"
#include "tls/secure_wire.h"

namespace gatepost::tls {

/// What a channel needs before it can go on.
enum class Progress : std::uint8_t {
  Done,    ///< It did what was asked.
  Wants,   ///< More ciphertext is needed: take_output(), then feed().
  Closed,  ///< The peer ended the session with close_notify, or its octets ended.
  Broken,  ///< The peer's octets are no TLS. take_output() may hold an alert; nothing else works.
};

/// Made for one session and never reused: nothing of one peer can reach the next.
///
/// While idle it holds no octets of its own beside the library's record buffers.
class Channel {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Channel>> make(
      std::shared_ptr<const ServerContext> context);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel();

  /// Octets from the peer, in any cut; copied.
  void feed(std::string_view ciphertext);
  /// The peer's octets have ended.
  void end_of_input() { ended_ = true; }
  /// Octets for the peer made since the last call.
  [[nodiscard]] std::string take_output();
  [[nodiscard]] bool has_output() const { return !output_.empty(); }

  /// Until Done.
  [[nodiscard]] Progress handshake();
  /// Takes plaintext; `octets` says how much where the progress is Done. `buffer` is not empty.
  [[nodiscard]] Progress read(std::span<char> buffer, std::size_t& octets);
  /// Protects all of `plaintext`. Done, or how the session ended before.
  [[nodiscard]] Progress write(std::string_view plaintext);
  /// Says close_notify.
  void close();

  /// True when fed octets wait to be read, as plaintext or not yet opened.
  [[nodiscard]] bool has_input() const;
  /// What was agreed on; once, after the handshake. Frees what was kept to know it.
  [[nodiscard]] TlsFacts take_facts();
  /// After take_facts(), for as long as the session lives; see SecureWire.
  [[nodiscard]] std::string channel_binding(ChannelBinding type);
  /// Why it is Broken or Closed; empty otherwise.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  explicit Channel(std::shared_ptr<const ServerContext> context);
  static int on_send(void* self, const unsigned char* octets, std::size_t count);
  static int on_receive(void* self, unsigned char* octets, std::size_t count);
  Progress judge(int result);
  void name_key_exchange(TlsFacts& facts);
  void find_shown_chain(const TlsFacts& facts);

  std::shared_ptr<const ServerContext> context_;
  mbedtls_ssl_context session_;
  std::string input_;      // Fed, not yet taken by the library.
  std::size_t taken_ = 0;  // Of input_.
  std::string output_;
  std::string server_name_;
  std::string problem_;
  std::unique_ptr<HelloReader> client_hello_;  // Until the facts have been taken.
  std::unique_ptr<HelloReader> server_hello_;
  const Chain* shown_ = nullptr;  // Of context_; null where it is not certain which it was.
  bool exports_ = false;          // What the exporter gives is this session's alone.
  bool ended_ = false;
  bool over_ = false;  // Closed or Broken was said.
  Progress end_ = Progress::Broken;
};

}  // namespace gatepost::tls
