// SPDX-License-Identifier: Apache-2.0
// log: port: calendar time and its distance from UTC where the machine stands.
#pragma once

#include <chrono>

#include "base/time.h"
#include "log/zone.h"
#include "log/zone_files.h"

namespace gatepost::log {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Moment now() = 0;
  /// Local time minus UTC at `when`. Asked at most once per second of calendar time.
  [[nodiscard]] virtual std::chrono::seconds utc_offset(Moment when) = 0;
};

/// The machine's clock and time zone. The zone's file is read when this is made and when it is
/// asked for, never for a line of the log. For one thread.
class SystemClock final : public Clock {
 public:
  SystemClock();
  /// Looks at the zone's file again: the machine may have been moved.
  void reload_zone();
  [[nodiscard]] Moment now() override;
  [[nodiscard]] std::chrono::seconds utc_offset(Moment when) override;

 private:
  ZonePlaces places_;
  TimeZone zone_;
};

}  // namespace gatepost::log
