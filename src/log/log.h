// SPDX-License-Identifier: Apache-2.0
// log: emitting an event writes one line and counts it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/clock.h"
#include "log/counters.h"
#include "log/events.h"
#include "log/line.h"
#include "log/sink.h"

namespace gatepost::log {

enum class Form : std::uint8_t { Postfix, Json };

struct Settings {
  std::string syslog_name = "gatepost";  ///< "postfix" makes Postfix's log tools work unchanged.
  std::string hostname;                  ///< For the stamp; without its domain, as syslogd does.
  std::uint32_t pid = 0;
  Form form = Form::Postfix;
  Level least = Level::Info;  ///< Less important events are counted, not written.
};

/// All calls from the loop's thread. In the common path no memory is allocated and one
/// system call is made per event.
class Log {
 public:
  /// `clock` and `counters` outlive the log.
  Log(Settings settings, std::unique_ptr<Sink> sink, Clock& clock, Counters& counters);

  template <class E>
  void emit(const E& event) {
    static_assert(kIndexOf<E> < kEventCount, "the event is missing in log/events.h");
    counters_.count_event(kIndexOf<E>);
    if constexpr (requires { event.measure(counters_); }) event.measure(counters_);
    if constexpr (requires { typename E::Mends; }) forget(E::Mends::about);
    if (E::about.level < settings_.least) return;
    if (settings_.form == Form::Json) {
      begin_json(E::about);
      event.each(JsonFields(whole_));
      finish_json(E::about);
    } else {
      std::string_view tag = E::about.tag;
      if constexpr (requires { event.tag(); }) tag = event.tag();
      begin_line(tag);
      Line line(whole_);
      event.line(line);
      finish_line(E::about);
    }
  }

  /// The last lines of Level::Error, oldest first, each with its stamp: for `gatepost status`. None is
  /// older than a day, or of what another event has mended since.
  [[nodiscard]] std::vector<std::string> problems() const;
  /// Once per turn of the loop: tells about lines that were lost once lines can be written again.
  void flush();
  /// After SIGHUP: files are opened anew.
  [[nodiscard]] Result<void> reopen();
  /// Another configuration. `sink` may be null: the old one stays.
  void configure(Settings settings, std::unique_ptr<Sink> sink);

 private:
  void begin_line(std::string_view tag);
  void finish_line(const About& about);
  void begin_json(const About& about);
  void finish_json(const About& about);
  void refresh_stamp();
  void write(const About& about, const Record& record);
  void forget(const About& about);

  struct Problem {
    const About* about;
    std::chrono::seconds when;
    std::string text;
  };

  Settings settings_;
  std::unique_ptr<Sink> sink_;
  Clock& clock_;
  Counters& counters_;
  std::string whole_;  ///< The line under way; keeps its capacity.
  std::string stamp_;  ///< Of second_: "Nov 21 05:40:00", or ISO 8601 without fraction.
  std::string zone_;   ///< "+01:00"
  std::chrono::seconds second_ = std::chrono::seconds::min();
  std::uint32_t fraction_ = 0;  ///< Microseconds past second_.
  std::size_t program_at_ = 0;
  std::size_t program_end_ = 0;
  std::size_t text_at_ = 0;
  std::deque<Problem> problems_;
  std::uint64_t lost_ = 0;  ///< Lines since the last that could be written.
};

}  // namespace gatepost::log
