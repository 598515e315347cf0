// SPDX-License-Identifier: Apache-2.0
// system: random octets from the kernel.
#include "system/random.h"

#include <cerrno>
#include <sys/random.h>

namespace gatepost::system {

Result<void> fill_random(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const auto got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("getrandom", errno);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

}  // namespace gatepost::system
