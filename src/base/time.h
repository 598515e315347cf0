// SPDX-License-Identifier: Apache-2.0
// base: the two clocks, as types that cannot be mixed.
#pragma once

#include <chrono>
#include <cstdint>

namespace gatepost {

using Duration = std::chrono::milliseconds;

/// A point on the steady clock: for deadlines and waits. Never printed, never stored.
using Instant = std::chrono::steady_clock::time_point;

/// A point in calendar time, in microseconds since 1970 UTC: for trace headers, ids and logs.
using Moment = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

inline constexpr Instant kNever = Instant::max();

}  // namespace gatepost
