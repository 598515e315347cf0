// SPDX-License-Identifier: Apache-2.0
// auth: hashes, their keyed forms, and a comparison that takes the same time wherever texts differ.
#include "auth/digest.h"

#include <cstdint>
#include <utility>

#include <mbedtls/md.h>
#include <mbedtls/pkcs5.h>
#include <psa/crypto.h>

#include "base/result.h"

namespace gatepost::auth {
namespace {

mbedtls_md_type_t type_of(Hash hash) {
  switch (hash) {
    case Hash::Md5:
      return MBEDTLS_MD_MD5;
    case Hash::Sha1:
      return MBEDTLS_MD_SHA1;
    case Hash::Sha256:
      return MBEDTLS_MD_SHA256;
    case Hash::Sha512:
      return MBEDTLS_MD_SHA512;
  }
  std::unreachable();
}

const mbedtls_md_info_t* info_of(Hash hash) {
  return mbedtls_md_info_from_type(type_of(hash));
}

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* octets(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace

std::size_t size_of(Hash hash) {
  return mbedtls_md_get_size(info_of(hash));
}

// The calls below fail for want of memory only, of which this program ends anyway.

std::string digest(Hash hash, std::string_view text) {
  std::string out(size_of(hash), '\0');
  GP_ASSERT(mbedtls_md(info_of(hash), octets(text), text.size(), octets(out)) == 0);
  return out;
}

std::string keyed_digest(Hash hash, std::string_view key, std::string_view text) {
  std::string out(size_of(hash), '\0');
  GP_ASSERT(mbedtls_md_hmac(info_of(hash), octets(key), key.size(), octets(text), text.size(),
                            octets(out)) == 0);
  return out;
}

std::string stretch(Hash hash,
                    std::string_view password,
                    std::string_view salt,
                    unsigned iterations) {
  std::string out(size_of(hash), '\0');
  GP_ASSERT(mbedtls_pkcs5_pbkdf2_hmac_ext(
                type_of(hash), octets(password), password.size(), octets(salt), salt.size(),
                iterations, static_cast<std::uint32_t>(out.size()), octets(out)) == 0);
  return out;
}

bool same_octets(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  // Volatile, so that no compiler leaves the loop at the first difference.
  volatile unsigned char different = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    different = static_cast<unsigned char>(different | (a[i] ^ b[i]));
  }
  return different == 0;
}

}  // namespace gatepost::auth

// The library's hashes bring in its generator of keys, which asks for randomness. That is the tls
// room's to give; a program without it (a test of this room) gets none, and would fail at once.
extern "C" [[gnu::weak]] psa_status_t mbedtls_psa_external_get_random(
    mbedtls_psa_external_random_context_t* /*context*/,
    uint8_t* /*output*/,
    size_t /*output_size*/,
    size_t* output_length) {
  *output_length = 0;
  return PSA_ERROR_INSUFFICIENT_ENTROPY;
}
