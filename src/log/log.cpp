// SPDX-License-Identifier: Apache-2.0
// log: emitting an event writes one line and counts it.
#include "log/log.h"

#include <array>
#include <utility>

#include "base/format.h"

namespace gatepost::log {

namespace {

/// Longer lines make the buffer grow; nearly none are.
constexpr std::size_t kUsualLine = 2048;

constexpr std::size_t kProblemsKept = 8;
constexpr std::chrono::hours kProblemsLast{24};

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string_view short_name(std::string_view hostname) {
  return hostname.substr(0, hostname.find('.'));
}

}  // namespace

Log::Log(Settings settings, std::unique_ptr<Sink> sink, Clock& clock, Counters& counters)
    : settings_(std::move(settings)), sink_(std::move(sink)), clock_(clock), counters_(counters) {
  whole_.reserve(kUsualLine);
}

void Log::refresh_stamp() {
  const Moment now = clock_.now();
  const auto since = now.time_since_epoch();
  const auto second = std::chrono::floor<std::chrono::seconds>(since);
  fraction_ = static_cast<std::uint32_t>((since - second).count());
  if (second == second_) return;
  second_ = second;

  const std::chrono::seconds offset = clock_.utc_offset(now);
  const std::chrono::sys_seconds local{second + offset};
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{local - day};
  const auto month = static_cast<unsigned>(date.month());
  stamp_.clear();
  zone_.clear();
  if (settings_.form == Form::Postfix) {
    append_format(stamp_, "{} {:2} {:02}:{:02}:{:02}", kMonths[month - 1],
                  static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(),
                  time.seconds().count());
    return;
  }
  append_format(stamp_, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()), month,
                static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(),
                time.seconds().count());
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(abs(offset)).count();
  append_format(zone_, "{}{:02}:{:02}", offset.count() < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

void Log::begin_line(std::string_view tag) {
  refresh_stamp();
  whole_.assign(stamp_);
  append_format(whole_, " {} ", short_name(settings_.hostname));
  program_at_ = whole_.size();
  whole_.append(settings_.syslog_name).append("/").append(tag);
  program_end_ = whole_.size();
  append_format(whole_, "[{}]: ", settings_.pid);
  text_at_ = whole_.size();
}

void Log::finish_line(const About& about) {
  whole_.push_back('\n');
  const std::string_view whole = whole_;
  write(about, {.level = about.level,
                .stamp = stamp_,
                .program = whole.substr(program_at_, program_end_ - program_at_),
                .whole = whole,
                .tail = whole.substr(program_at_),
                .text = whole.substr(text_at_, whole.size() - text_at_ - 1)});
}

void Log::begin_json(const About& about) {
  refresh_stamp();
  whole_.clear();
  append_format(whole_, R"({{"time":"{}.{:06}{}","event":"{}","level":"{}")", stamp_, fraction_,
                zone_, about.name, format_level(about.level));
}

void Log::finish_json(const About& about) {
  whole_.append("}\n");
  const std::string_view whole = whole_;
  write(about, {.level = about.level,
                .stamp = {},
                .program = settings_.syslog_name,
                .whole = whole,
                .tail = whole,
                .text = whole.substr(0, whole.size() - 1)});
}

void Log::write(const About& about, const Record& record) {
  if (record.level == Level::Error) {
    if (problems_.size() == kProblemsKept) problems_.pop_front();
    // With JSON the stamp is a field of the text already.
    std::string text(record.text);
    if (settings_.form != Form::Json) text = format("{} {}", stamp_, record.text);
    problems_.push_back({&about, second_, std::move(text)});
  }
  if (sink_->write(record)) return;
  ++lost_;
  counters_.count_lost_line();
}

void Log::flush() {
  if (lost_ == 0) return;
  // The count is taken back when this line is lost as well, so that in the end one line tells
  // the whole loss.
  const std::uint64_t lost = std::exchange(lost_, 0);
  emit(log::LogLinesLost{.lines = lost});
  if (lost_ > 0) lost_ = lost;
}

void Log::forget(const About& about) {
  std::erase_if(problems_, [&about](const Problem& one) { return one.about == &about; });
}

std::vector<std::string> Log::problems() const {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch());
  std::vector<std::string> out;
  for (const Problem& one : problems_) {
    if (now - one.when < kProblemsLast) out.push_back(one.text);
  }
  return out;
}

Result<void> Log::reopen() {
  return sink_->reopen();
}

void Log::configure(Settings settings, std::unique_ptr<Sink> sink) {
  settings_ = std::move(settings);
  if (sink) sink_ = std::move(sink);
  second_ = std::chrono::seconds::min();
}

}  // namespace gatepost::log
