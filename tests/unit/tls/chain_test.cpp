// SPDX-License-Identifier: Apache-2.0
// tests: what is accepted as a key with its certificates.
#include "tls/chain.h"

#include <catch2/catch_test_macros.hpp>
#include <mbedtls/ssl.h>

#include "certificates.h"

namespace gatepost::tls {
namespace {

using tests::CertificateOrder;
using tests::kRsaKey;
using tests::make_certificate;
using tests::make_ec_key;

Result<std::unique_ptr<Chain>> parse(const std::string& certificates, const std::string& key) {
  return Chain::parse(tests::crypto(), Secret(certificates), Secret(key));
}

std::string refusal(const std::string& certificates, const std::string& key) {
  const auto chain = parse(certificates, key);
  return chain ? std::string("accepted") : chain.error().detail;
}

}  // namespace

TEST_CASE("RSA and ECDSA keys load with their certificates", "[tls][chain]") {
  const auto p384 = make_ec_key(MBEDTLS_ECP_DP_SECP384R1);
  const auto rsa = parse(make_certificate(kRsaKey), kRsaKey);
  const auto ec = parse(make_certificate(p384), p384);
  REQUIRE(rsa);
  REQUIRE(ec);
  CHECK((*rsa)->type() == KeyType::Rsa);
  CHECK((*rsa)->bits() == 2048);
  CHECK((*rsa)->signs(MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256));
  CHECK_FALSE((*rsa)->signs(MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256));
  CHECK((*ec)->type() == KeyType::EcdsaP384);
  CHECK_FALSE((*ec)->signs(MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256));
}

TEST_CASE("key and certificate may stand in one text in either order", "[tls][chain]") {
  const auto key = make_ec_key();
  const auto certificate = make_certificate(key);
  CHECK(parse(key + certificate, key + certificate));
  CHECK(parse(certificate + key, certificate + key));
}

TEST_CASE("a key that does not fit its certificate is refused", "[tls][chain]") {
  const auto certificate = make_certificate(make_ec_key());
  CHECK(refusal(certificate, make_ec_key()) == "the key does not fit the certificate");
  CHECK(refusal(certificate, kRsaKey) == "the key does not fit the certificate");
}

TEST_CASE("a short RSA key is refused", "[tls][chain]") {
  CHECK(refusal(make_certificate(tests::kShortRsaKey), tests::kShortRsaKey) ==
        "RSA keys need 2048 bits or more");
}

TEST_CASE("a certificate that may not sign is refused, not passed over later", "[tls][chain]") {
  const auto key = make_ec_key();
  CertificateOrder order;
  order.key_usage = MBEDTLS_X509_KU_KEY_ENCIPHERMENT;
  CHECK(refusal(make_certificate(key, order), key) ==
        "keyUsage of the certificate lacks digitalSignature");
}

TEST_CASE("a chain too long for one handshake message is refused", "[tls][chain]") {
  const auto key = make_ec_key();
  CertificateOrder order;
  order.padding = 1000;
  const auto certificate = make_certificate(key, order);
  std::string chain;
  for (int i = 0; i < 5; ++i) chain += certificate;
  CHECK(parse(chain, key));
  chain += certificate + certificate + certificate;
  CHECK(refusal(chain, key).find("more than the") != std::string::npos);
}

TEST_CASE("text that holds no key or no certificate is refused with a reason", "[tls][chain]") {
  const auto key = make_ec_key();
  const auto certificate = make_certificate(key);
  CHECK(refusal("", key).starts_with("certificate: "));
  CHECK(refusal(key, key).starts_with("certificate: "));
  CHECK(refusal(certificate, certificate).starts_with("private key: "));
  CHECK(refusal(certificate + std::string(1, '\0'), key) == "not a PEM file");
  auto broken = certificate;
  broken[broken.size() / 2] = '!';
  CHECK(refusal(certificate + broken, key) == "1 of the certificates cannot be read");
}

TEST_CASE("an encrypted key is refused with advice", "[tls][chain]") {
  const std::string encrypted =
      "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
      "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n"
      "-----END EC PRIVATE KEY-----\n";
  const auto why = refusal(make_certificate(make_ec_key()), encrypted);
  CHECK(why != "accepted");
  CHECK(why.starts_with("private key") + why.starts_with("the key is encrypted") == 1);
}

TEST_CASE("the end of the leaf's validity is read to the second", "[tls][chain]") {
  const auto key = make_ec_key();
  CertificateOrder order;
  order.not_after = "20310203040506";
  const auto chain = parse(make_certificate(key, order), key);
  REQUIRE(chain);
  CHECK((*chain)->not_after() == 1927857906);
}

TEST_CASE("a certificate is for its common name, whatever the case", "[tls][chain]") {
  const auto key = make_ec_key();
  const auto chain = parse(make_certificate(key), key);
  REQUIRE(chain);
  CHECK((*chain)->is_for("MX.example.com"));
  CHECK_FALSE((*chain)->is_for("example.com"));
}

}  // namespace gatepost::tls
