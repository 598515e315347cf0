// SPDX-License-Identifier: Apache-2.0
// third_party: what of mbedTLS is built; replaces mbedtls/mbedtls_config.h (MBEDTLS_CONFIG_FILE).
//
// TLS 1.2 and 1.3, ECDHE with AEAD only. Deliberately absent, because each was the door of a known attack or leak:
// session tickets, pre-shared keys, early data, renegotiation, DTLS, RSA key exchange, CBC, DES, compression. MD5 is here for the
// CRAM-MD5 of old devices; no signature algorithm of TLS or X.509 that uses it is offered or accepted.
#ifndef GATEPOST_MBEDTLS_CONFIG_H
#define GATEPOST_MBEDTLS_CONFIG_H

// Platform. No threading layer: one thread owns every TLS object; password hashing elsewhere uses plain MD contexts.
#define MBEDTLS_HAVE_ASM
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_HAVE_TIME_DATE
#define MBEDTLS_PLATFORM_GMTIME_R_ALT  // mbedtls_gmtime.c
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_FS_IO
#define MBEDTLS_DEPRECATED_REMOVED

// Hardware crypto, detected at run time. clang 14-17 lack the target attributes the ARM hash code wants.
#define MBEDTLS_AESNI_C
#define MBEDTLS_AESCE_C
#if defined(__aarch64__) && !defined(__clang__)
#define MBEDTLS_SHA256_USE_ARMV8_A_CRYPTO_IF_PRESENT
#define MBEDTLS_SHA512_USE_A64_CRYPTO_IF_PRESENT
#endif

// Ciphers: AEAD only.
#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_CIPHER_C
#define MBEDTLS_GCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C

// Hashes. SHA-1 names keys in X.509 (subject key identifier) and serves SCRAM-SHA-1 hashes; it never verifies a signature.
#define MBEDTLS_MD_C
#define MBEDTLS_MD5_C
#define MBEDTLS_SHA1_C
#define MBEDTLS_SHA224_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_HKDF_C
#define MBEDTLS_PKCS5_C

// Randomness: getrandom(2) for every octet, by tls/crypto.cpp. No generator of our own to seed too early, to copy by fork,
// or to fall back to a device file.
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG

// Public keys. NIST_OPTIM makes P-256 2.5 to 3 times faster.
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECDSA_DETERMINISTIC
#define MBEDTLS_HMAC_DRBG_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_PK_PARSE_EC_COMPRESSED
#define MBEDTLS_PK_WRITE_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_BASE64_C
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_PEM_WRITE_C
#define MBEDTLS_PSA_CRYPTO_C  // TLS 1.3 needs it

// Certificates: read chains, write the self-signed one.
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_CREATE_C
#define MBEDTLS_X509_CRT_WRITE_C
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#define MBEDTLS_X509_REMOVE_INFO

// TLS. A peer sends full 16 KiB records; our largest message is the certificate chain, which must fit one record of ours and is
// refused when loaded otherwise. Both buffers are held for as long as a session lives.
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_ALPN
#define MBEDTLS_SSL_MAX_FRAGMENT_LENGTH
#define MBEDTLS_SSL_RECORD_SIZE_LIMIT
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES
#define MBEDTLS_SSL_KEYING_MATERIAL_EXPORT  // tls-exporter channel binding
#define MBEDTLS_SSL_IN_CONTENT_LEN 16384
#define MBEDTLS_SSL_OUT_CONTENT_LEN 8192

#define MBEDTLS_ERROR_C
#define MBEDTLS_VERSION_C

#endif
