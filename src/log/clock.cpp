// SPDX-License-Identifier: Apache-2.0
// log: port: calendar time and its distance from UTC where the machine stands.
#include "log/clock.h"

namespace gatepost::log {

SystemClock::SystemClock() : places_(find_zone_places()), zone_(load_zone(places_)) {}

void SystemClock::reload_zone() {
  zone_ = load_zone(places_);
}

Moment SystemClock::now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::chrono::seconds SystemClock::utc_offset(Moment when) {
  return offset_at(zone_, std::chrono::floor<std::chrono::seconds>(when));
}

}  // namespace gatepost::log
