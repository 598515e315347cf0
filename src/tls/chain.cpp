// SPDX-License-Identifier: Apache-2.0
// tls: one private key with its certificate chain, checked when loaded.
#include "tls/chain.h"

#include <chrono>

#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/ssl.h>

#include "base/format.h"
#include "base/text.h"

namespace gatepost::tls {
namespace {

// The Certificate message must fit one record with its own framing (RFC 8446 section 4.4.2:
// 5 octets to each certificate) and the record's.
constexpr std::size_t kMostChain = MBEDTLS_SSL_OUT_CONTENT_LEN - 256;
constexpr std::size_t kPerCertificate = 5;
constexpr std::size_t kLeastRsaBits = 2048;

Error bad(std::string_view what) {
  return {Cause::Permanent, std::string(what)};
}
Error bad(std::string_view what, int code) {
  return {Cause::Permanent, format("{}: {}", what, describe(code))};
}

/// mbedTLS parses PEM up to a NUL that it counts; std::string always has one there.
const unsigned char* octets(const Secret& text) {
  return reinterpret_cast<const unsigned char*>(text.reveal().data());
}
std::size_t size_with_nul(const Secret& text) {
  return text.reveal().size() + 1;
}

std::string_view view(const mbedtls_asn1_buf& text) {
  return {reinterpret_cast<const char*>(text.p), text.len};
}

}  // namespace

Chain::Chain() {
  mbedtls_x509_crt_init(&certificates_);
  mbedtls_pk_init(&key_);
}

Chain::~Chain() {
  mbedtls_pk_free(&key_);
  mbedtls_x509_crt_free(&certificates_);
}

Result<std::unique_ptr<Chain>> Chain::parse(const Crypto& /*crypto*/,
                                            const Secret& certificates,
                                            const Secret& key) {
  std::unique_ptr<Chain> chain(new Chain());
  GP_CHECK(chain->load(certificates, key));
  GP_CHECK(chain->check_leaf());
  GP_CHECK(chain->check_length());
  return chain;
}

Result<void> Chain::load(const Secret& certificates, const Secret& key) {
  // Before the library sees it: a NUL inside would end the text early.
  for (const Secret* text : {&certificates, &key}) {
    if (text->reveal().find('\0') != std::string_view::npos) return bad("not a PEM file");
  }
  const int read =
      mbedtls_x509_crt_parse(&certificates_, octets(certificates), size_with_nul(certificates));
  if (read < 0) return bad("certificate", read);
  if (read > 0) return bad(format("{} of the certificates cannot be read", read));
  const int got = mbedtls_pk_parse_key(&key_, octets(key), size_with_nul(key), nullptr, 0,
                                       library_random, nullptr);
  if (got == MBEDTLS_ERR_PK_PASSWORD_REQUIRED || got == MBEDTLS_ERR_PEM_PASSWORD_REQUIRED) {
    return bad("the key is encrypted; store it without a passphrase");
  }
  if (got != 0) return bad("private key", got);
  return {};
}

Result<void> Chain::check_leaf() {
  if (mbedtls_pk_check_pair(&certificates_.pk, &key_, library_random, nullptr) != 0) {
    return bad("the key does not fit the certificate");
  }
  if (mbedtls_pk_can_do(&key_, MBEDTLS_PK_RSA) != 0) {
    if (mbedtls_pk_get_bitlen(&key_) < kLeastRsaBits) {
      return bad(format("RSA keys need {} bits or more", kLeastRsaBits));
    }
    type_ = KeyType::Rsa;
  } else if (mbedtls_pk_can_do(&key_, MBEDTLS_PK_ECDSA) != 0) {
    const auto curve = mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(key_));
    if (curve != MBEDTLS_ECP_DP_SECP256R1 && curve != MBEDTLS_ECP_DP_SECP384R1) {
      return bad("ECDSA keys are P-256 or P-384");
    }
    type_ = curve == MBEDTLS_ECP_DP_SECP256R1 ? KeyType::EcdsaP256 : KeyType::EcdsaP384;
  } else {
    return bad("neither an RSA nor an ECDSA key");
  }
  // The library would silently pass such a certificate over in every handshake.
  if (mbedtls_x509_crt_check_key_usage(&certificates_, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0) {
    return bad("keyUsage of the certificate lacks digitalSignature");
  }
  if (mbedtls_x509_crt_check_extended_key_usage(&certificates_, MBEDTLS_OID_SERVER_AUTH,
                                                MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) != 0) {
    return bad("extendedKeyUsage of the certificate lacks serverAuth");
  }
  return {};
}

Result<void> Chain::check_length() const {
  std::size_t total = 0;
  for (const auto* one = &certificates_; one != nullptr; one = one->next) {
    total += one->raw.len + kPerCertificate;
  }
  if (total > kMostChain) {
    return bad(
        format("the chain has {} octets, more than the {} a handshake holds", total, kMostChain));
  }
  return {};
}

unsigned Chain::bits() const {
  return static_cast<unsigned>(mbedtls_pk_get_bitlen(&key_));
}

std::int64_t Chain::not_after() const {
  const auto& end = certificates_.valid_to;
  const std::chrono::year_month_day day(std::chrono::year(end.year),
                                        std::chrono::month(static_cast<unsigned>(end.mon)),
                                        std::chrono::day(static_cast<unsigned>(end.day)));
  const auto days = std::chrono::sys_days(day).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(days).count() + end.hour * 3600 +
         end.min * 60 + end.sec;
}

bool Chain::is_for(std::string_view name) const {
  mbedtls_x509_subject_alternative_name first{};
  if (certificates_.subject_alt_names.buf.p != nullptr &&
      mbedtls_x509_parse_subject_alt_name(&certificates_.subject_alt_names.buf, &first) == 0) {
    const bool same =
        first.type == MBEDTLS_X509_SAN_DNS_NAME && iequals(view(first.san.unstructured_name), name);
    mbedtls_x509_free_subject_alt_name(&first);
    if (same) return true;
  }
  for (const auto* part = &certificates_.subject; part != nullptr; part = part->next) {
    if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &part->oid) == 0) return iequals(view(part->val), name);
  }
  return false;
}

bool Chain::signs(std::uint16_t scheme) const {
  switch (type_) {
    case KeyType::Rsa:
      return scheme == MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256 ||
             scheme == MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384 ||
             scheme == MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512;
    case KeyType::EcdsaP256:
      return scheme == MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256;
    case KeyType::EcdsaP384:
      return scheme == MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384;
  }
  std::unreachable();
}

std::string Chain::end_point() const {
  mbedtls_md_type_t hash = MBEDTLS_MD_NONE;
  mbedtls_pk_type_t unused = MBEDTLS_PK_NONE;
  if (mbedtls_oid_get_sig_alg(&certificates_.sig_oid, &hash, &unused) != 0) return {};
  if (hash == MBEDTLS_MD_MD5 || hash == MBEDTLS_MD_SHA1) hash = MBEDTLS_MD_SHA256;
  const mbedtls_md_info_t* info = mbedtls_md_info_from_type(hash);
  if (info == nullptr) return {};
  std::string out(mbedtls_md_get_size(info), '\0');
  const auto& leaf = certificates_.raw;
  const int code = mbedtls_md(info, leaf.p, leaf.len, reinterpret_cast<unsigned char*>(out.data()));
  return code == 0 ? out : std::string();
}

}  // namespace gatepost::tls
