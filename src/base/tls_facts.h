// SPDX-License-Identifier: Apache-2.0
// base: what is known about one TLS connection, for the log and the Received header.
#pragma once

#include <string>

namespace gatepost {

/// Spelled as Postfix and OpenSSL spell them, so that log tools know the words.
struct TlsFacts {
  std::string protocol;  ///< "TLSv1.3"
  std::string cipher;    ///< "TLS_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"
  unsigned used_bits = 0;
  unsigned algorithm_bits = 0;
  std::string key_exchange;      ///< "X25519", "ECDHE (P-256)"; empty when unknown
  std::string server_signature;  ///< "ECDSA (prime256v1)", "RSA-PSS (2048 bits)"; may be empty
  std::string server_digest;     ///< "SHA256"; may be empty
  std::string server_name;       ///< SNI as the client sent it; empty without

  bool operator==(const TlsFacts&) const = default;
};

}  // namespace gatepost
