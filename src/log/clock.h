// SPDX-License-Identifier: Apache-2.0
// log: port: calendar time and its distance from UTC where the machine stands.
#pragma once

#include <chrono>

#include "base/time.h"

namespace gatepost::log {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Moment now() = 0;
  /// Local time minus UTC at `when`. Asked at most once per second of calendar time.
  [[nodiscard]] virtual std::chrono::seconds utc_offset(Moment when) = 0;
};

/// The machine's clock and time zone. Reads the zone file when made, so that no file is
/// needed once the sandbox is up.
class SystemClock final : public Clock {
 public:
  SystemClock();
  [[nodiscard]] Moment now() override;
  [[nodiscard]] std::chrono::seconds utc_offset(Moment when) override;
};

}  // namespace gatepost::log
