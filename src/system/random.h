// SPDX-License-Identifier: Apache-2.0
// system: random octets from the kernel.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"

namespace gatepost::system {

/// Fills `out`; waits for the kernel's generator to be seeded (early boot).
Result<void> fill_random(std::span<std::uint8_t> out);

}  // namespace gatepost::system
