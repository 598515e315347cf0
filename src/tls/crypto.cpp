// SPDX-License-Identifier: Apache-2.0
// tls: the crypto library, started; its randomness and its error texts.
#include "tls/crypto.h"

#include <array>
#include <cerrno>
#include <sys/random.h>

#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <psa/crypto.h>

#include "base/format.h"

namespace gatepost::tls {

bool fill_random(std::span<unsigned char> out) {
  while (!out.empty()) {
    // Without GRND_NONBLOCK: a key made before the pool is seeded is worse than a late start.
    const auto got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

int library_random(void* /*unused*/, unsigned char* out, std::size_t size) {
  return fill_random({out, size}) ? 0 : MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
}

Result<Crypto> Crypto::start() {
  std::array<unsigned char, 1> probe{};
  if (!fill_random(probe)) return system_error("getrandom", errno);
  const psa_status_t status = psa_crypto_init();
  if (status != PSA_SUCCESS) {
    return Error{Cause::Permanent, format("crypto library does not start: {}", status)};
  }
  return Crypto();
}

std::string describe(int code) {
  std::array<char, 160> text{};
  mbedtls_strerror(code, text.data(), text.size());
  return text.data();
}

}  // namespace gatepost::tls

/// mbedTLS is built without a generator of its own (third_party/mbedtls_config.h) and asks
/// here for every random octet.
extern "C" psa_status_t mbedtls_psa_external_get_random(
    mbedtls_psa_external_random_context_t* /*context*/,
    uint8_t* output,
    size_t output_size,
    size_t* output_length) {
  *output_length = 0;
  if (!gatepost::tls::fill_random({output, output_size})) return PSA_ERROR_INSUFFICIENT_ENTROPY;
  *output_length = output_size;
  return PSA_SUCCESS;
}
