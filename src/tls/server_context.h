// SPDX-License-Identifier: Apache-2.0
// tls: keys and certificates the server shows, loaded from files and reloaded when they change.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace gatepost::tls {

/// One key with its certificate chain: one PEM file holding both, or a certificate file and a key file.
struct ChainFiles {
  std::string certificate;  ///< PEM: leaf first, then intermediates; may also hold the key.
  std::string key;          ///< PEM; empty: the key is in `certificate`.
};

/// The chains for one server name; several key types (ECDSA and RSA) may stand side by side.
struct NamedChains {
  std::string
      name;  ///< Lower case host name, or ".example.com" for all names below it; empty: default.
  std::vector<ChainFiles> chains;
};

struct ServerSettings {
  std::vector<NamedChains> names;  ///< The default set first. Empty: self-signed.
  std::string
      self_signed_directory;  ///< Where the made key and certificate are kept (0700, key 0600).
  std::string hostname;       ///< Subject and subjectAltName of the made certificate.
  bool tls12 = true;          ///< TLS 1.2 offered besides 1.3.
};

/// An immutable set of loaded chains. Sessions hold the one they began with.
class ServerContext;

/// What happened when the files were looked at.
struct Refresh {
  bool changed = false;  ///< A new set is in force.
  bool made_self_signed = false;
  std::vector<std::string>
      problems;  ///< One line each; the old set stays in force where there is one.
};

/// Owns the current set. All calls from the loop's thread.
class ServerContexts {
 public:
  virtual ~ServerContexts() = default;
  /// Looks whether any file changed (time, size, inode) and loads the new set if so. A set in
  /// which a key does not fit its certificate, or a file cannot be read, is refused whole.
  virtual Refresh refresh() = 0;
  /// Takes new settings into force on the next refresh().
  virtual void configure(ServerSettings settings) = 0;
  /// Null when nothing could be loaded: STARTTLS answers 454 then.
  [[nodiscard]] virtual std::shared_ptr<const ServerContext> current() const = 0;
  /// Seconds until the first leaf certificate of the current set expires; negative when it has.
  [[nodiscard]] virtual std::int64_t expires_in() const = 0;
};

[[nodiscard]] Result<std::unique_ptr<ServerContexts>> make_server_contexts(ServerSettings settings);

}  // namespace gatepost::tls
