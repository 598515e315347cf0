// SPDX-License-Identifier: Apache-2.0
// log: how far local time is from UTC: the format of /usr/share/zoneinfo (RFC 9636).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "log/zone_rule.h"

namespace gatepost::log {

/// Made of nothing, it is UTC.
struct TimeZone {
  struct Change {
    std::int64_t from = 0;    ///< Seconds since 1970.
    std::int32_t offset = 0;  ///< Local time minus UTC, in seconds, from then on.
  };
  std::int32_t before = 0;        ///< The same, before the first change.
  std::vector<Change> changes;    ///< In order of time.
  std::optional<ZoneRule> after;  ///< From the last change on; always, when there is none.
};

/// A TZif file of version 1 to 4, or of a later one, which have to be readable as version 4. Of
/// versions with 64-bit data only those are read. Nothing for a file that is damaged: too short,
/// changes out of order, kinds of time that are not there, offsets of more than a day. A footer
/// that cannot be read counts as none. Leap seconds are passed over: our clock has none.
[[nodiscard]] std::optional<TimeZone> parse_zone_file(std::string_view octets);

/// Local time minus UTC at `when`.
[[nodiscard]] std::chrono::seconds offset_at(const TimeZone& zone, std::chrono::sys_seconds when);

}  // namespace gatepost::log
