// SPDX-License-Identifier: Apache-2.0
// log: port: calendar time and its distance from UTC where the machine stands.
#include "log/clock.h"

#include <time.h>

namespace gatepost::log {

SystemClock::SystemClock() {
  tzset();
}

Moment SystemClock::now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::chrono::seconds SystemClock::utc_offset(Moment when) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count();
  std::tm local{};
  if (localtime_r(&seconds, &local) == nullptr) return std::chrono::seconds{0};
  return std::chrono::seconds{local.tm_gmtoff};
}

}  // namespace gatepost::log
