// SPDX-License-Identifier: Apache-2.0
// log: a time zone as POSIX writes it: "CET-1CEST,M3.5.0,M10.5.0/3".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gatepost::log {

/// When, each year, the clocks are changed.
struct ZoneTurn {
  enum class Kind : std::uint8_t {
    Julian,   ///< "J60": 1 to 365; 29 February is never counted.
    Day,      ///< "59": 0 to 365; 29 February is counted.
    Weekday,  ///< "M3.5.0": month, which of the weekdays in it (5: the last), 0 for Sunday.
  };
  Kind kind = Kind::Weekday;
  std::uint8_t month = 0;
  std::uint8_t week = 0;
  std::uint8_t weekday = 0;
  std::uint16_t day = 0;
  std::chrono::seconds time{0};  ///< After midnight, by the clock that is about to be changed.
};

struct ZoneRule {
  std::chrono::seconds standard{0};  ///< Local time minus UTC, as is the next.
  std::chrono::seconds summer{0};
  bool has_summer = false;
  ZoneTurn begins;  ///< Of summer time.
  ZoneTurn ends;
};

/// POSIX.1-2017 section 8.3, with names in angle brackets and with hours from -167 to 167
/// (RFC 9636 section 3.3.2). Summer time without days is that of the United States. Nothing for
/// any other text.
[[nodiscard]] std::optional<ZoneRule> parse_zone_rule(std::string_view text);

/// Local time minus UTC at `when`.
[[nodiscard]] std::chrono::seconds offset_at(const ZoneRule& rule, std::chrono::sys_seconds when);

}  // namespace gatepost::log
