// SPDX-License-Identifier: Apache-2.0
// app: the machine's clocks for the sessions.
#pragma once

#include <chrono>

#include "dns/resolver.h"
#include "log/clock.h"
#include "server/floor.h"

namespace gatepost::app {

/// Takes the time zone from the log's clock, so that trace fields and log lines agree.
class MachineClocks final : public server::Clocks {
 public:
  /// `clock` outlives this.
  explicit MachineClocks(log::Clock& clock) : clock_(clock) {}

  [[nodiscard]] Instant instant() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] Moment moment() const override { return clock_.now(); }
  [[nodiscard]] int utc_offset_minutes(Moment when) const override {
    return static_cast<int>(
        std::chrono::duration_cast<std::chrono::minutes>(clock_.utc_offset(when)).count());
  }

 private:
  log::Clock& clock_;
};

/// By which DNS answers age.
class SteadyClock final : public dns::Clock {
 public:
  [[nodiscard]] Instant now() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace gatepost::app
