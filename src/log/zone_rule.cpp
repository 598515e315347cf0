// SPDX-License-Identifier: Apache-2.0
// log: a time zone as POSIX writes it: "CET-1CEST,M3.5.0,M10.5.0/3".
#include "log/zone_rule.h"

#include "base/text.h"

namespace gatepost::log {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

constexpr std::string_view kUsualTurns = ",M3.2.0,M11.1.0";
constexpr int kMostHoursOfOffset = 24;
constexpr int kMostHoursOfTurn = 167;

/// Each function takes one piece off the front; what it does not know, it leaves.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : left_(text) {}

  [[nodiscard]] bool done() const { return left_.empty(); }
  [[nodiscard]] bool at(char c) const { return !left_.empty() && left_.front() == c; }

  bool take(char c) {
    if (!at(c)) return false;
    left_.remove_prefix(1);
    return true;
  }

  /// "CET", "<+0330>". What it says is nothing to us.
  bool take_name() {
    const bool quoted = take('<');
    std::size_t size = 0;
    while (size < left_.size() && in_name(left_[size], quoted)) ++size;
    left_.remove_prefix(size);
    return quoted ? size > 0 && take('>') : size >= 3;
  }

  std::optional<int> take_number(int least, int most) {
    int value = 0;
    std::size_t size = 0;
    for (; size < left_.size() && is_digit(left_[size]) && value <= most; ++size) {
      value = value * 10 + (left_[size] - '0');
    }
    left_.remove_prefix(size);
    if (size == 0 || value < least || value > most) return std::nullopt;
    return value;
  }

  /// "2", "+10:30", "-3:30:15"
  std::optional<seconds> take_time(int most_hours) {
    const bool negative = take('-');
    if (!negative) take('+');
    const auto hour = take_number(0, most_hours);
    if (!hour) return std::nullopt;
    seconds time = hours{*hour};
    for (const seconds unit : {seconds{60}, seconds{1}}) {
      if (!take(':')) break;
      const auto part = take_number(0, 59);
      if (!part) return std::nullopt;
      time += unit * *part;
    }
    return negative ? -time : time;
  }

  /// ",M3.5.0/2", ",J60", ",59/-1"
  std::optional<ZoneTurn> take_turn() {
    ZoneTurn out;
    if (!take(',') || !take_day(out)) return std::nullopt;
    out.time = hours{2};
    if (!take('/')) return out;
    const auto time = take_time(kMostHoursOfTurn);
    if (!time) return std::nullopt;
    out.time = *time;
    return out;
  }

 private:
  static bool in_name(char c, bool quoted) {
    return quoted ? is_alnum(c) || c == '+' || c == '-' : is_alpha(c);
  }

  bool take_day(ZoneTurn& out) {
    if (take('M')) {
      const auto month = take_number(1, 12);
      const auto week = month && take('.') ? take_number(1, 5) : std::nullopt;
      const auto weekday = week && take('.') ? take_number(0, 6) : std::nullopt;
      if (!weekday) return false;
      out.month = static_cast<std::uint8_t>(*month);
      out.week = static_cast<std::uint8_t>(*week);
      out.weekday = static_cast<std::uint8_t>(*weekday);
      return true;
    }
    out.kind = take('J') ? ZoneTurn::Kind::Julian : ZoneTurn::Kind::Day;
    const auto day = take_number(out.kind == ZoneTurn::Kind::Julian ? 1 : 0, 365);
    out.day = static_cast<std::uint16_t>(day.value_or(0));
    return day.has_value();
  }

  std::string_view left_;
};

sys_days day_of(const ZoneTurn& turn, year in) {
  const sys_days first{in / 1 / 1};
  switch (turn.kind) {
    case ZoneTurn::Kind::Julian:
      return first + days{turn.day - 1 + (in.is_leap() && turn.day >= 60 ? 1 : 0)};
    case ZoneTurn::Kind::Day:
      return first + days{turn.day};
    case ZoneTurn::Kind::Weekday:
      break;
  }
  const auto month = in / static_cast<int>(turn.month);
  const std::chrono::weekday weekday{turn.weekday};
  if (turn.week == 5) return sys_days{month / weekday[std::chrono::last]};
  return sys_days{month / weekday[turn.week]};
}

}  // namespace

std::optional<ZoneRule> parse_zone_rule(std::string_view text) {
  RuleReader reader(text);
  ZoneRule out;
  if (!reader.take_name()) return std::nullopt;
  // POSIX counts what is west of Greenwich as positive.
  auto offset = reader.take_time(kMostHoursOfOffset);
  if (!offset) return std::nullopt;
  out.standard = -*offset;
  if (reader.done()) return out;

  if (!reader.take_name()) return std::nullopt;
  out.has_summer = true;
  out.summer = out.standard + hours{1};
  if (!reader.done() && !reader.at(',')) {
    offset = reader.take_time(kMostHoursOfOffset);
    if (!offset) return std::nullopt;
    out.summer = -*offset;
  }
  if (reader.done()) reader = RuleReader(kUsualTurns);
  const auto begins = reader.take_turn();
  const auto ends = begins ? reader.take_turn() : std::nullopt;
  if (!ends || !reader.done()) return std::nullopt;
  out.begins = *begins;
  out.ends = *ends;
  return out;
}

seconds offset_at(const ZoneRule& rule, sys_seconds when) {
  // Calendars of std::chrono end with the year 32767; nobody's clock does.
  constexpr sys_seconds kFirst = sys_days{year{0} / 1 / 1};
  constexpr sys_seconds kLast = sys_days{year{9999} / 12 / 31};
  if (!rule.has_summer || when < kFirst || when > kLast) return rule.standard;
  const std::chrono::year_month_day today{std::chrono::floor<days>(when)};
  // The last change before `when` decides. It may be one of the year before, and hours beyond
  // midnight may carry one of the next year into this. Summer time that begins at the moment it
  // ends lasts all the year.
  sys_seconds latest = sys_seconds::min();
  bool summer = false;
  for (int step = -1; step <= 1; ++step) {
    const year in = today.year() + std::chrono::years{step};
    const sys_seconds begins = day_of(rule.begins, in) + rule.begins.time - rule.standard;
    const sys_seconds ends = day_of(rule.ends, in) + rule.ends.time - rule.summer;
    if (ends <= when && ends > latest) {
      latest = ends;
      summer = false;
    }
    if (begins <= when && begins >= latest) {
      latest = begins;
      summer = true;
    }
  }
  return summer ? rule.summer : rule.standard;
}

}  // namespace gatepost::log
