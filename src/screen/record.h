// SPDX-License-Identifier: Apache-2.0
// screen: what is remembered of a client: until when each test counts as passed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "screen/settings.h"

namespace gatepost::screen {

/// Seconds since 1970.
using Seconds = std::int64_t;

/// One client's passes, as postscreen(8) keeps them.
struct Record {
  static constexpr Seconds kNever = 0;     ///< Not passed yet: who passes now is new.
  static constexpr Seconds kDisabled = 1;  ///< The test was off when this was written.

  std::array<Seconds, kTestCount> until{};

  [[nodiscard]] Seconds& of(Test test) { return until[index_of(test)]; }
  [[nodiscard]] Seconds of(Test test) const { return until[index_of(test)]; }
  /// All tests that are on are passed, and none has expired.
  [[nodiscard]] bool passes(const Settings& settings, Seconds now) const;
  /// Some test that is on was never passed: PASS NEW.
  [[nodiscard]] bool is_new(const Settings& settings) const;
  /// Nothing of it has counted for the retention time.
  [[nodiscard]] bool is_stale(const Settings& settings, Seconds now) const;

  /// When the last of its passes ends.
  [[nodiscard]] Seconds last() const;

  /// `1700000000;1700003600;1;1;0`, as in postscreen's cache.
  [[nodiscard]] std::string text() const;
  /// Fields that are missing are of tests that were off. Nothing when it is no record.
  [[nodiscard]] static std::optional<Record> parse(std::string_view text);

  bool operator==(const Record&) const = default;
};

}  // namespace gatepost::screen
