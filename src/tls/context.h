// SPDX-License-Identifier: Apache-2.0
// tls: one immutable set of keys with the rules every session of it follows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <mbedtls/ssl.h>

#include "base/result.h"
#include "tls/chain.h"
#include "tls/server_context.h"

namespace gatepost::tls {

/// The loaded chains of one server name; see NamedChains for the form of the name.
struct LoadedName {
  std::string name;
  std::vector<std::unique_ptr<Chain>> chains;
};

/// TLS 1.2 and 1.3, ECDHE with AEAD, X25519, P-256 and P-384. Tickets, renegotiation,
/// compression and pre-shared keys are not even in the library (third_party/mbedtls_config.h).
class ServerContext {
 public:
  /// `names` is not empty and every entry has a chain.
  [[nodiscard]] static Result<std::shared_ptr<const ServerContext>> make(
      std::vector<LoadedName> names, bool tls12);
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;
  ~ServerContext();

  /// For mbedtls_ssl_setup(). A session sets its user pointer to a std::string, which gets
  /// the server name the client asked for.
  [[nodiscard]] const mbedtls_ssl_config& config() const { return config_; }

  /// The chains shown to a client that asks for `server_name`: those of that name, else of
  /// the nearest ".parent", else the default ones.
  [[nodiscard]] const std::vector<std::unique_ptr<Chain>>& chains_for(
      std::string_view server_name) const;

  /// Seconds since 1970 at which the first leaf expires.
  [[nodiscard]] std::int64_t not_after() const;

 private:
  ServerContext();
  Result<void> prepare(bool tls12);
  static int on_server_name(void* self,
                            mbedtls_ssl_context* session,
                            const unsigned char* name,
                            std::size_t length);

  std::vector<LoadedName> names_;
  mbedtls_ssl_config config_;
};

}  // namespace gatepost::tls
