// SPDX-License-Identifier: Apache-2.0
// control: numbers and times as a person reads them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace gatepost::control {

/// "0 B", "812 B", "3.9 KiB", "12 GiB"
[[nodiscard]] std::string format_size(std::uint64_t octets);
/// The two largest units: "45 s", "12 min", "3 h 12 min", "89 d 3 h". Negative ones count as 0.
[[nodiscard]] std::string format_span(std::chrono::seconds span);
/// "2026-11-21 05:40:07"
[[nodiscard]] std::string format_local(Moment when, std::chrono::seconds utc_offset);
/// "Sat Nov 21 05:40:07", as ctime(3) begins
[[nodiscard]] std::string format_arrival(Moment when, std::chrono::seconds utc_offset);
/// RFC 3339 in UTC: "2026-11-21T05:40:07Z"
[[nodiscard]] std::string format_utc(Moment when);
/// "1 message", "2 messages"
[[nodiscard]] std::string format_count(std::uint64_t count,
                                       std::string_view one,
                                       std::string_view many);

}  // namespace gatepost::control
