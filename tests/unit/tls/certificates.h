// SPDX-License-Identifier: Apache-2.0
// tests: makes keys and certificates in memory.
#pragma once

#include <array>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "base/secret.h"
#include "tls/crypto.h"

namespace gatepost::tests {

/// Keys of no worth: the library is built without a generator of RSA keys.
inline constexpr char kRsaKey[] = R"(-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC3MLLYFibXz6Qa
SFaF5HFmqARHoxzXTWAFjk+HmjxnmRuLD+aw5bd/QGfVQAE2A9c5yPNEJoDC/r2J
oOddp9WJ2GWoY/Zd2s5x4kUaHIsonn+kSadAhzG5/d2eseye2AKESF2lFPoMcxiN
foGPjffI3jbaln3NSPwDr9OX7UUye8d8rf5Kz8dnf49vrq1DsaqGe+FXxxCUOI7z
qKDj1SwRp7vBQrtON+CuUQO9Or5lFyMWMfglUavnzUVDcQoox7eKOVnPBLcffSBH
Rykr1N/nSYo6ooyWXFr6dPpqPS2rFrrQg8aAE515SdsVYeON92iqCa6UBGjgz5SQ
exgJmRhlAgMBAAECggEAJx58Io7gbpeFuKMX7vGwkbZxa4bWgtegGK+iJhf2rDzS
1+hmYAI+JCtxwOUxHQLG9C0IXdZHCtzxRrGYlrRfcldGpiXql3JBQaqLDR9pTBxE
r6WW1L3KDai7qcbe+7CvIOZ/MOCA4SW26YhJTImJj1h8qEMYzDy4rGTgr4HYlAXj
/enGsQsMuN+h6XZq2l6C3V1cbKV+KObMiQbUqGJf9YtjTum+BusU82sDx/YPCutn
wK4tjeOkM5b8Y9b0pma5GvE9g29KWbD5IvgMulVY0M8QsBucr616oV3Cg7kaDguc
+dW/owWocQfKUk+03wmLuwheugLukKj+MjIQGwDRxQKBgQDpQQAdfLdr8l82HQc/
0IWBaW4fXhST7UngRG9YZMTJn7e0CXuexlAok2+2rxrGUwWcnnQhCgqJQRwThKa+
l8gyIwkS3CeWbaXBLXbH1j6kWzcrd1pSGywc32RdOzyq7UZ3xs5VHRpFjw6KF7V/
gZHUM4K4SKfdor3HD57hroY9+wKBgQDJDeXgwOSTgaG74Te/YoBpEMHZR5Geilei
ohCgE2B/kVt7Q7ZpZq83gFkJ1OQwnMCIfyIFyYII5DSf3ie0aTlVaQxOZkqcWcIZ
yuXXskpj5aH95vb/EAw4Mz14AUKWHDnTdx6muyMh+hGMebZuDxiu/pVFYhGEUTFq
FOBXQyYVHwKBgBDbIab/3EFwwnCmqF90MjGn7M1XfyUxgKU0TNeWcKIhaKUaClTu
/9vuy6PoA4dReJZY3QuGLjy898pxS5t6XH1DCuTSBApa4h+TqYHHeb9m2BXMCjrk
u8taWWZjYX74pp8BPufnsn5UWDiiffs44dDz5/5pQbhCinRYLKMieZEBAoGBALUi
lEyc/FH4pGHEUplWgSInOr4qwIL5WGLpZ9kQHAxSRP0U0C69mHaEZ7N33e3+C2fu
QhS8qy6fitnNKDBd7I2Kis/HUMj0BO9/4PsnYeYGaJ97imPZbWjkoSiQ2hCrdV2T
IEZOqyRdS5onvbgCWdau/oT4CZgQHljYXhXAJXs5AoGBAJA4SQm/zA98EUa8O8eV
phj4+rxDMAmlpJ8bYixfMNDZc6SxQhmwj2Tm3gXj02R9LcjDiZS2CNYVpyVJd20L
SYDt+cnDSZII7JIYUG6LRb69VNjrJi6Otg2R0y9gEoKsLVjkS+BeK5giEsrOMO//
8PN3eg6NZOFGSiRIsA5Br7Ef
-----END PRIVATE KEY-----
)";
inline constexpr char kShortRsaKey[] = R"(-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAJq8b3lfMJ1ie4AL
MHQSevCj2ktj8e1ES9m9SUbD7SpUKqUuT4+/gEhpHwpAz15QzaewSvP3QNY9Eiro
5LRPwsQVjRdU5otcECC7S0DrXNohPzUKtEMClOymplMEFxJeDpJdtTIxI2X3jO3K
DSg+PuWCHE0DTkcbWGh/OA5AqMDFAgMBAAECgYBgDy0w7uwyOEotEkUxOavCqiXB
ebldr3FbKgxMdyNLjNawltBjj+HmkgPoDJXvmkAhourVC6DfnyghJVWdropc0zLS
9LF3NiHCyhH9pLqzk6pEtxGD41i0/1Xg+G+C43JWdXHA+mzJUIb+JT8ADCYjsoqQ
EXYmEf4c0asUX0IKHQJBAM42y4cO4akhaRSe74OrhFjmiq2DRSc5q4OgYxdS+sid
bE8EHRwFK4HGN8x6k183Z7IHo1B1jeYLT1uBU/Tk5V8CQQDAGAIZiRX/UHFXs1Xs
tWd8lrRirUBMLDSFRWYcMaNY7ZQSh1ZBplgGfVhqwtDnkq1IlPU7Bz0a+SeQDeZ1
h8hbAkBNRo1olDQOPD3zg0fAMNMMuX/4W7vbYioazkyz3d2qtgtzZNg/utQ98njQ
gJKfWNTcCy6xJQxCy7Q2VzWODQTDAkBRfV3Wq1sTlnKeu8tlwYcHSX94pPqz1cTq
DIjGyR/8p7y7J4KmEwUgq6gIkmDA/G5abiaiRe3cNXpdGCh+D34lAkEAsnUY1Rgt
jJwZ1L6i9Cu7vA0ve/3w9izUaN1nw4sL0ek5K4LCZ2wahwL+6pXrjJKcBD0T+8Oq
NKKzM5T7OkWNZA==
-----END PRIVATE KEY-----
)";

inline tls::Crypto crypto() {
  auto started = tls::Crypto::start();
  REQUIRE(started);
  return *started;
}

inline std::string make_ec_key(mbedtls_ecp_group_id curve = MBEDTLS_ECP_DP_SECP256R1) {
  static_cast<void>(crypto());
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  std::array<unsigned char, 2048> pem{};
  REQUIRE(mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) == 0);
  REQUIRE(mbedtls_ecp_gen_key(curve, mbedtls_pk_ec(key), tls::library_random, nullptr) == 0);
  REQUIRE(mbedtls_pk_write_key_pem(&key, pem.data(), pem.size()) == 0);
  mbedtls_pk_free(&key);
  return reinterpret_cast<const char*>(pem.data());
}

struct CertificateOrder {
  std::string name = "mx.example.com";
  std::string not_after = "20460101000000";
  unsigned key_usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE;
  std::size_t padding = 0;  ///< Octets of a private extension, to make a certificate long.
};

/// A certificate for `key` (PEM), signed by itself.
inline std::string make_certificate(const std::string& key, const CertificateOrder& order = {}) {
  static_cast<void>(crypto());
  mbedtls_pk_context pk;
  mbedtls_pk_init(&pk);
  REQUIRE(mbedtls_pk_parse_key(&pk, reinterpret_cast<const unsigned char*>(key.c_str()),
                               key.size() + 1, nullptr, 0, tls::library_random, nullptr) == 0);
  mbedtls_x509write_cert crt;
  mbedtls_x509write_crt_init(&crt);
  mbedtls_x509write_crt_set_version(&crt, MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(&crt, MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_subject_key(&crt, &pk);
  mbedtls_x509write_crt_set_issuer_key(&crt, &pk);
  const std::string subject = "CN=" + order.name;
  std::array<unsigned char, 4> serial{1, 2, 3, 4};
  REQUIRE(mbedtls_x509write_crt_set_subject_name(&crt, subject.c_str()) == 0);
  REQUIRE(mbedtls_x509write_crt_set_issuer_name(&crt, subject.c_str()) == 0);
  REQUIRE(mbedtls_x509write_crt_set_serial_raw(&crt, serial.data(), serial.size()) == 0);
  REQUIRE(mbedtls_x509write_crt_set_validity(&crt, "20250101000000", order.not_after.c_str()) == 0);
  REQUIRE(mbedtls_x509write_crt_set_key_usage(&crt, order.key_usage) == 0);
  if (order.padding != 0) {
    const std::string filler(order.padding, 'x');
    const char oid[] = "\x2b\x06\x01\x04\x01\x01";
    REQUIRE(mbedtls_x509write_crt_set_extension(
                &crt, oid, sizeof oid - 1, 0, reinterpret_cast<const unsigned char*>(filler.data()),
                filler.size()) == 0);
  }
  std::string pem(8192 + 2 * order.padding, '\0');
  REQUIRE(mbedtls_x509write_crt_pem(&crt, reinterpret_cast<unsigned char*>(pem.data()), pem.size(),
                                    tls::library_random, nullptr) == 0);
  mbedtls_x509write_crt_free(&crt);
  mbedtls_pk_free(&pk);
  pem.resize(pem.find('\0'));
  return pem;
}

}  // namespace gatepost::tests
