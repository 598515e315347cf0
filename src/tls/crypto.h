// SPDX-License-Identifier: Apache-2.0
// tls: the crypto library, started; its randomness and its error texts.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"

namespace gatepost::tls {

/// Proof that the crypto library is ready: what needs it takes one of these.
///
/// mbedTLS keeps the state behind it for the whole process (key slots), so starting again is
/// free and nothing is torn down: another holder might still have keys there.
class Crypto {
 public:
  /// Waits until the kernel's random generator has been seeded (early boot of a small board).
  [[nodiscard]] static Result<Crypto> start();

 private:
  Crypto() = default;
};

/// Fills `out` from the kernel's generator; false when the kernel refuses.
[[nodiscard]] bool fill_random(std::span<unsigned char> out);

/// The same in the form the library takes: 0, or its code for a source that failed.
int library_random(void* unused, unsigned char* out, std::size_t size);

/// The library's own words for one of its error codes, on one line.
[[nodiscard]] std::string describe(int code);

}  // namespace gatepost::tls
