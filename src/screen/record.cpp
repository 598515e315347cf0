// SPDX-License-Identifier: Apache-2.0
// screen: what is remembered of a client: until when each test counts as passed.
#include "screen/record.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace gatepost::screen {

bool Record::passes(const Settings& settings, Seconds now) const {
  return std::all_of(kTests.begin(), kTests.end(), [&](const TestRow& row) {
    return !settings.of(row.test).enabled || of(row.test) > now;
  });
}

bool Record::is_new(const Settings& settings) const {
  return std::any_of(kTests.begin(), kTests.end(), [&](const TestRow& row) {
    return settings.of(row.test).enabled && of(row.test) == kNever;
  });
}

bool Record::is_stale(const Settings& settings, Seconds now) const {
  const Seconds kept = std::chrono::duration_cast<std::chrono::seconds>(settings.retention).count();
  return std::all_of(until.begin(), until.end(), [&](Seconds one) { return one + kept < now; });
}

Seconds Record::last() const {
  return *std::max_element(until.begin(), until.end());
}

std::string Record::text() const {
  std::string out;
  for (const Seconds one : until) {
    if (!out.empty()) out += ';';
    out += format_number(static_cast<std::uint64_t>(std::max(one, Seconds{0})));
  }
  return out;
}

std::optional<Record> Record::parse(std::string_view text) {
  Record out;
  out.until.fill(kDisabled);
  for (std::size_t i = 0; i < kTestCount; ++i) {
    const std::string_view field = text.substr(0, text.find(';'));
    const auto [end, fault] =
        std::from_chars(field.data(), field.data() + field.size(), out.until[i]);
    if (fault != std::errc() || end != field.data() + field.size() || out.until[i] < 0) return {};
    if (field.size() == text.size()) return out;
    text.remove_prefix(field.size() + 1);
  }
  return {};
}

}  // namespace gatepost::screen
