// SPDX-License-Identifier: Apache-2.0
// tls: the names log readers know (OpenSSL's and Postfix's) for what mbedTLS negotiated.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::tls {

/// "TLS1-3-AES-256-GCM-SHA384" is "TLS_AES_256_GCM_SHA384" and
/// "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256" is "ECDHE-RSA-AES128-GCM-SHA256". A name of
/// another form is returned as it is.
[[nodiscard]] std::string openssl_cipher(std::string_view mbedtls_name);

/// What is logged as key exchange for a TLS 1.3 group (RFC 8446 section 4.2.7): "X25519",
/// "ECDHE (P-256)"; empty for one we do not offer.
[[nodiscard]] std::string_view group_name(std::uint16_t group);

/// The digest of a TLS 1.3 signature scheme (RFC 8446 section 4.2.3): "SHA256"; empty when
/// the scheme is not one of ours.
[[nodiscard]] std::string_view digest_name(std::uint16_t scheme);

}  // namespace gatepost::tls
