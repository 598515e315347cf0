// SPDX-License-Identifier: Apache-2.0
// control: numbers and times as a person reads them.
#include "control/human.h"

#include <algorithm>
#include <array>

#include "base/format.h"

namespace gatepost::control {

namespace {

struct Parts {
  std::chrono::year_month_day date;
  std::chrono::weekday weekday;
  std::chrono::hh_mm_ss<std::chrono::seconds> time;
};

Parts split_time(Moment when, std::chrono::seconds utc_offset) {
  const auto local = std::chrono::floor<std::chrono::seconds>(when) + utc_offset;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  return {.date = std::chrono::year_month_day{day},
          .weekday = std::chrono::weekday{day},
          .time = std::chrono::hh_mm_ss<std::chrono::seconds>{local - day}};
}

std::string format_clock(const Parts& parts) {
  return format("{:02}:{:02}:{:02}", parts.time.hours().count(), parts.time.minutes().count(),
                parts.time.seconds().count());
}

std::string format_date(const Parts& parts) {
  return format("{:04}-{:02}-{:02}", static_cast<int>(parts.date.year()),
                static_cast<unsigned>(parts.date.month()), static_cast<unsigned>(parts.date.day()));
}

}  // namespace

std::string format_size(std::uint64_t octets) {
  constexpr std::array<std::string_view, 5> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (octets < 1024) return format("{} B", octets);
  std::size_t unit = 0;
  std::uint64_t whole = octets;
  while (whole >= 1024 * 1024 && unit + 1 < kUnits.size()) {
    whole /= 1024;
    ++unit;
  }
  // Tenths below ten, since 1.9 and 1.0 differ and 119.1 and 119.9 do not.
  const std::uint64_t tenths = whole * 10 / 1024;
  if (tenths >= 100) return format("{} {}", tenths / 10, kUnits[unit]);
  return format("{}.{} {}", tenths / 10, tenths % 10, kUnits[unit]);
}

std::string format_span(std::chrono::seconds span) {
  const auto s = std::max<std::int64_t>(span.count(), 0);
  if (s < 60) return format("{} s", s);
  if (s < 3600) return format("{} min", s / 60);
  if (s < 86400) return format("{} h {} min", s / 3600, s / 60 % 60);
  return format("{} d {} h", s / 86400, s / 3600 % 24);
}

std::string format_local(Moment when, std::chrono::seconds utc_offset) {
  const Parts parts = split_time(when, utc_offset);
  return format("{} {}", format_date(parts), format_clock(parts));
}

std::string format_arrival(Moment when, std::chrono::seconds utc_offset) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Parts parts = split_time(when, utc_offset);
  return format("{} {} {:2} {}", kDays[parts.weekday.c_encoding()],
                kMonths[static_cast<unsigned>(parts.date.month()) - 1],
                static_cast<unsigned>(parts.date.day()), format_clock(parts));
}

std::string format_utc(Moment when) {
  const Parts parts = split_time(when, std::chrono::seconds{0});
  return format("{}T{}Z", format_date(parts), format_clock(parts));
}

std::string format_count(std::uint64_t count, std::string_view one, std::string_view many) {
  return format("{} {}", count, count == 1 ? one : many);
}

}  // namespace gatepost::control
