// SPDX-License-Identifier: Apache-2.0
// system: the rows of the system call filter.
#pragma once

#include <cstdint>
#include <span>

namespace gatepost::system {

/// What is demanded of one argument of a call.
enum class Demand : std::uint8_t {
  None,     ///< The call is allowed whatever its arguments.
  AnyOf,    ///< The low 32 bits of the argument are one of `values`.
  NoBits,   ///< None of the bits of values[0] is set.
  AllBits,  ///< Every bit of values[0] is set.
  Absent,   ///< The call fails with ENOSYS: the C library then does without it.
};

struct Call {
  std::uint32_t number = 0;
  const char* why = "";
  Demand demand = Demand::None;
  std::uint32_t argument = 0;
  std::span<const std::uint32_t> values = {};
};

/// The calls of the architecture compiled for; whatever is not here is a violation.
[[nodiscard]] std::span<const Call> allowed_calls();

}  // namespace gatepost::system
