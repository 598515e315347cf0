// SPDX-License-Identifier: Apache-2.0
// tables: the logical lines of a configuration or table file, with their numbers.
#include "tables/lines.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::tables {

namespace {

// A file of another kind (a database, a picture) has many such lines; a few say enough.
constexpr std::size_t kMostProblems = 20;

bool is_blank_or_comment(std::string_view line) {
  const std::string_view text = trim(line);
  return text.empty() || text.front() == '#';
}

std::string_view trim_end(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

LineReader::LineReader(std::string_view text) : rest_(text) {
  if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
}

bool LineReader::take_physical(std::string_view& line) {
  if (rest_.empty()) return false;
  const std::size_t end = rest_.find('\n');
  line = rest_.substr(0, end);
  rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
  ++physical_;
  return true;
}

void LineReader::refuse(std::size_t number, std::string text) {
  if (problems_.size() < kMostProblems) problems_.push_back({number, std::move(text)});
}

bool LineReader::join_continuations(std::string_view first) {
  bool joined = false;
  bool good = true;
  std::size_t octets = first.size();
  for (;;) {
    const std::string_view before = rest_;
    const std::size_t number = physical_;
    std::string_view line;
    if (!take_physical(line)) break;
    if (is_blank_or_comment(line)) continue;
    if (!is_space(line.front())) {
      rest_ = before;
      physical_ = number;
      break;
    }
    line = trim_end(line);
    octets += line.size();
    if (line.find('\0') != line.npos) {
      refuse(physical_, "a NUL octet: expected text");
      good = false;
    }
    if (octets > limits::kConfigLine || !good) continue;
    if (!joined) joined_ = first;
    joined = true;
    joined_ += line;
  }
  if (octets > limits::kConfigLine) {
    refuse(number_, "line too long: expected at most " + format_number(limits::kConfigLine) +
                        " octets with its continuation lines");
    good = false;
  }
  line_ = joined ? std::string_view(joined_) : first;
  return good;
}

bool LineReader::next() {
  std::string_view line;
  while (take_physical(line)) {
    number_ = physical_;
    if (is_blank_or_comment(line)) continue;
    if (is_space(line.front())) {
      refuse(number_, "a continuation line (white space in front) without a line before it");
      continue;
    }
    const bool nul = line.find('\0') != line.npos;
    if (nul) refuse(number_, "a NUL octet: expected text");
    if (join_continuations(trim_end(line)) && !nul) return true;
  }
  return false;
}

}  // namespace gatepost::tables
