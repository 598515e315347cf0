// SPDX-License-Identifier: Apache-2.0
// base: time in what is kept over restarts, on machines whose clock may be wrong.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace gatepost {

/// Seconds since 1970.
using Stamp = std::int64_t;

/// 2026-11-01: this program is younger. A clock that shows less is wrong, as on boards that begin
/// in 1970 until the network tells them.
inline constexpr Stamp kEarliest = 1'793'491'200;

[[nodiscard]] constexpr bool is_sane(Stamp now) {
  return now >= kEarliest;
}

/// A clock that is set back by more was wrong before: what it dated is mended.
inline constexpr Stamp kClockStep = 60;

/// The wall clock, or, while that is wrong, the last time known to be right and what has gone by
/// since: `last` is when the state was last written, `running` for how long we run. Such a clock
/// is behind by the time the machine was off, and by no more; without a `last` it begins in 1970,
/// and nothing shall be expired by it (is_sane).
[[nodiscard]] constexpr Stamp state_time(Moment wall, Instant::duration running, Stamp last) {
  const auto shown = std::chrono::floor<std::chrono::seconds>(wall.time_since_epoch()).count();
  if (is_sane(shown)) return shown;
  const auto ran = std::chrono::floor<std::chrono::seconds>(running).count();
  return is_sane(last) ? last + ran : std::max<Stamp>(shown, 0);
}

/// `stamp` as it can be true at `now`: one of the future, or of a clock that was wrong, is taken
/// for now.
[[nodiscard]] constexpr Stamp plausible(Stamp stamp, Stamp now) {
  return stamp > now || (is_sane(now) && !is_sane(stamp)) ? now : stamp;
}

}  // namespace gatepost
