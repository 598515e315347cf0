// SPDX-License-Identifier: Apache-2.0
// tls: a Wire over any other Wire.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "base/tls_facts.h"
#include "base/wire.h"
#include "tls/server_context.h"

namespace gatepost::tls {

/// What ties a proof made inside a session to the session (RFC 5056).
enum class ChannelBinding : std::uint8_t {
  Exporter,        ///< "tls-exporter" (RFC 9266): 32 octets.
  ServerEndPoint,  ///< "tls-server-end-point" (RFC 5929): a hash of the certificate we showed.
};

/// A Wire whose octets are protected; see base/wire.h for how to use it.
class SecureWire : public Wire {
 public:
  /// Server side of the handshake. An error is a peer that gave up, spoke no TLS, or was too
  /// slow; the inner wire is of no use then.
  virtual Task<Result<TlsFacts>> handshake(Instant until) = 0;
  /// After a handshake that succeeded; raw octets. Empty where there is none: TLS 1.2 without the
  /// extended master secret, a certificate whose signature has no named hash, a wire that ended.
  virtual std::string channel_binding(ChannelBinding type) = 0;
};

/// `inner` outlives the returned wire and must have no unread input: what a peer sent ahead of
/// the handshake has been thrown away or refused by the caller (RFC 3207 section 4.2).
[[nodiscard]] std::unique_ptr<SecureWire> make_server_wire(
    Wire& inner, std::shared_ptr<const ServerContext> context);

}  // namespace gatepost::tls
