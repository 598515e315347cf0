// SPDX-License-Identifier: Apache-2.0
// tests: a log whose lines are kept and whose clock stands still.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "log/log.h"

namespace gatepost::log::test {

/// Stands at 2026-11-21 05:40:07.000250 UTC, one hour east of Greenwich.
class StillClock final : public Clock {
 public:
  Moment time = Moment(std::chrono::microseconds{1795239607000250});
  std::chrono::seconds offset{3600};
  int asked = 0;

  Moment now() override { return time; }
  std::chrono::seconds utc_offset(Moment) override {
    ++asked;
    return offset;
  }
};

struct Kept {
  Level level;
  std::string program, whole, tail, text;
};

/// What was written, as long as the sink is able to write.
struct Paper {
  std::vector<Kept> records;
  bool broken = false;
};

class PaperSink final : public Sink {
 public:
  explicit PaperSink(Paper& paper) : paper_(paper) {}
  bool write(const Record& r) override {
    if (paper_.broken) return false;
    paper_.records.push_back({r.level, std::string(r.program), std::string(r.whole),
                              std::string(r.tail), std::string(r.text)});
    return true;
  }

 private:
  Paper& paper_;
};

inline Settings settings(Form form = Form::Postfix) {
  return {.syslog_name = "gatepost", .hostname = "mx.example.org", .pid = 412, .form = form};
}

/// A log with all it needs.
struct Desk {
  explicit Desk(Settings wanted = settings())
      : log(std::move(wanted), std::make_unique<PaperSink>(paper), clock, counters) {}

  StillClock clock;
  Counters counters;
  Paper paper;
  Log log;

  /// "smtpd: text" of the last line.
  [[nodiscard]] std::string last() const {
    const Kept& kept = paper.records.back();
    return kept.program.substr(kept.program.find('/') + 1) + ": " + kept.text;
  }
};

/// The line and the JSON form of one event.
template <class E>
std::string line_of(const E& event) {
  Desk desk;
  desk.log.emit(event);
  return desk.last();
}

template <class E>
std::string json_of(const E& event) {
  Desk desk(settings(Form::Json));
  desk.log.emit(event);
  const std::string text = desk.paper.records.back().text;
  // What stands before the fields is the same for all and has a test of its own.
  return "{" + text.substr(text.find("\"event\""));
}

}  // namespace gatepost::log::test
