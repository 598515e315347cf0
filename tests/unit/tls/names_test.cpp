// SPDX-License-Identifier: Apache-2.0
// tests: the names log readers know for what mbedTLS negotiated.
#include "tls/names.h"

#include <catch2/catch_test_macros.hpp>
#include <mbedtls/ssl.h>

namespace gatepost::tls {

TEST_CASE("cipher names are spelled as OpenSSL spells them", "[tls]") {
  CHECK(openssl_cipher("TLS1-3-AES-256-GCM-SHA384") == "TLS_AES_256_GCM_SHA384");
  CHECK(openssl_cipher("TLS1-3-CHACHA20-POLY1305-SHA256") == "TLS_CHACHA20_POLY1305_SHA256");
  CHECK(openssl_cipher("TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384") ==
        "ECDHE-ECDSA-AES256-GCM-SHA384");
  CHECK(openssl_cipher("TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256") == "ECDHE-RSA-AES128-GCM-SHA256");
  CHECK(openssl_cipher("TLS-ECDHE-RSA-WITH-CHACHA20-POLY1305-SHA256") ==
        "ECDHE-RSA-CHACHA20-POLY1305");
}

TEST_CASE("a cipher name of unknown form stays as it is", "[tls]") {
  CHECK(openssl_cipher("SOMETHING-ELSE") == "SOMETHING-ELSE");
  CHECK(openssl_cipher("").empty());
}

TEST_CASE("groups and digests have Postfix's names, unknown ones none", "[tls]") {
  CHECK(group_name(MBEDTLS_SSL_IANA_TLS_GROUP_X25519) == "X25519");
  CHECK(group_name(MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1) == "ECDHE (P-384)");
  CHECK(group_name(0).empty());
  CHECK(digest_name(MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512) == "SHA512");
  CHECK(digest_name(MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA1).empty());
}

}  // namespace gatepost::tls
