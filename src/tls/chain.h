// SPDX-License-Identifier: Apache-2.0
// tls: one private key with its certificate chain, checked when loaded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "base/result.h"
#include "base/secret.h"
#include "tls/crypto.h"

namespace gatepost::tls {

/// A key fit to prove a server's name: RSA of 2048 bits and more, P-256 or P-384.
enum class KeyType : std::uint8_t { Rsa, EcdsaP256, EcdsaP384 };

/// mbedTLS keeps blinding values in the key, so a Chain is used from the loop's thread only.
class Chain {
 public:
  /// `certificates` and `key` are PEM; both may be the same text. Refused are a key that does
  /// not fit the leaf, an encrypted key, a leaf that may not sign for a server, and a chain
  /// longer than one handshake message of ours.
  [[nodiscard]] static Result<std::unique_ptr<Chain>> parse(const Crypto& crypto,
                                                            const Secret& certificates,
                                                            const Secret& key);
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  ~Chain();

  [[nodiscard]] KeyType type() const { return type_; }
  [[nodiscard]] unsigned bits() const;
  /// Seconds since 1970 at which the leaf expires.
  [[nodiscard]] std::int64_t not_after() const;
  /// True when the leaf's first subjectAltName or common name is `name`.
  [[nodiscard]] bool is_for(std::string_view name) const;
  /// True when this key can make a TLS 1.3 signature of `scheme` (RFC 8446 section 4.2.3).
  [[nodiscard]] bool signs(std::uint16_t scheme) const;

  /// The hash of the leaf for "tls-server-end-point" (RFC 5929 section 4.1); empty where its
  /// signature has no single hash that is known by its name, as RSA-PSS and Ed25519.
  [[nodiscard]] std::string end_point() const;

  /// For mbedTLS, which wants them mutable.
  [[nodiscard]] mbedtls_x509_crt* certificates() { return &certificates_; }
  [[nodiscard]] mbedtls_pk_context* key() { return &key_; }

 private:
  Chain();
  Result<void> load(const Secret& certificates, const Secret& key);
  Result<void> check_leaf();
  Result<void> check_length() const;

  mbedtls_x509_crt certificates_;
  mbedtls_pk_context key_;
  KeyType type_ = KeyType::Rsa;
};

}  // namespace gatepost::tls
