// SPDX-License-Identifier: Apache-2.0
// support: a clock that moves when a test says so.
#pragma once

#include "base/time.h"

namespace gatepost::support {

class ManualClock {
 public:
  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] Moment wall() const { return wall_; }
  void pass(Duration time) {
    now_ += time;
    wall_ += time;
  }

 private:
  // Far from the epoch, so that a deadline left at its default shows.
  Instant now_ = Instant{} + std::chrono::hours(1000);
  Moment wall_ = Moment{} + std::chrono::seconds(1'795'239'600);  // Sat, 21 Nov 2026 05:40:00 UTC
};

}  // namespace gatepost::support
