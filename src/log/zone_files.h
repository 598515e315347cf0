// SPDX-License-Identifier: Apache-2.0
// log: which time zone a process lives in: $TZ, /etc/localtime.
#pragma once

#include <optional>
#include <string>

#include "log/zone.h"

namespace gatepost::log {

struct ZonePlaces {
  std::optional<std::string> variable;  ///< The value of TZ, if it is set.
  std::string folder = "/usr/share/zoneinfo";
  std::string local = "/etc/localtime";
};

/// From $TZ and $TZDIR, as they are now; without them for a program with more rights than who runs
/// it.
[[nodiscard]] ZonePlaces find_zone_places();

/// As tzset(3) finds it. Without TZ the local file; TZ empty: UTC; else, a colon before it passed
/// over, the file of that path or of that name in the folder, or where there is none a rule as
/// POSIX writes it. What is missing, damaged or no regular file is UTC. Blocks.
[[nodiscard]] TimeZone load_zone(const ZonePlaces& places);

}  // namespace gatepost::log
