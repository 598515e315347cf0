// SPDX-License-Identifier: Apache-2.0
// tls: the names log readers know (OpenSSL's and Postfix's) for what mbedTLS negotiated.
#include "tls/names.h"

#include <algorithm>

#include <mbedtls/ssl.h>

namespace gatepost::tls {
namespace {

void replace(std::string& text, std::string_view from, std::string_view to) {
  if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
}

}  // namespace

std::string openssl_cipher(std::string_view mbedtls_name) {
  std::string name(mbedtls_name);
  if (name.starts_with("TLS1-3-")) {
    name.replace(0, 7, "TLS_");
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
  }
  if (!name.starts_with("TLS-ECDHE-")) return name;
  name.erase(0, 4);
  replace(name, "-WITH-", "-");
  replace(name, "AES-128", "AES128");
  replace(name, "AES-256", "AES256");
  // OpenSSL leaves the hash out where a cipher has only one.
  replace(name, "CHACHA20-POLY1305-SHA256", "CHACHA20-POLY1305");
  return name;
}

std::string_view group_name(std::uint16_t group) {
  switch (group) {
    case MBEDTLS_SSL_IANA_TLS_GROUP_X25519:
      return "X25519";
    case MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1:
      return "ECDHE (P-256)";
    case MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1:
      return "ECDHE (P-384)";
    default:
      return {};
  }
}

std::string_view digest_name(std::uint16_t scheme) {
  switch (scheme) {
    case MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256:
    case MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256:
      return "SHA256";
    case MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384:
    case MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384:
      return "SHA384";
    case MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512:
      return "SHA512";
    default:
      return {};
  }
}

}  // namespace gatepost::tls
