// SPDX-License-Identifier: Apache-2.0
// log: the numbers that events add up to.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "log/events.h"

namespace gatepost::log {

/// Counters with labels. The row's text is in kFamilies.
enum class Family : std::uint8_t {
  Connections,
  Messages,
  Rejects,
  TlsHandshakes,
  AuthAttempts,
  Deliveries,
  Screening
};
inline constexpr std::size_t kFamilyCount = 7;

struct FamilyRow {
  std::string_view name;  ///< Without "_total".
  std::string_view help;
  std::string_view first;  ///< Label names; `second` may be empty.
  std::string_view second;
};
[[nodiscard]] const FamilyRow& describe(Family family);

struct Series {
  std::string first, second;  ///< Label values.
  std::uint64_t value = 0;
};

/// A distribution with fixed upper bounds; the last bucket has none. Values, bounds and sum are
/// in thousandths of the unit they are shown in, so that nobody needs floating point.
struct Histogram {
  std::span<const std::uint64_t> bounds;
  std::vector<std::uint64_t> buckets;  ///< Not cumulative; bounds.size() + 1 of them.
  std::uint64_t sum = 0;
  std::uint64_t count = 0;

  void add(std::uint64_t value);
};

/// Counts since start. One per process, owned by the app; all calls from the loop's thread.
class Counters {
 public:
  Counters();

  void count_event(std::size_t index) { ++events_[index]; }
  void count_lost_line() { ++lost_lines_; }
  /// At most 64 series per family, and one named "other" for what is past them.
  void add(Family family, std::string_view first, std::string_view second = {});
  void add_size(std::uint64_t octets) { sizes_.add(octets * 1000); }
  void add_delay(Duration delay) { delays_.add(static_cast<std::uint64_t>(delay.count())); }

  [[nodiscard]] std::uint64_t events(std::size_t index) const { return events_[index]; }
  template <class E>
  [[nodiscard]] std::uint64_t of() const {
    return events_[kIndexOf<E>];
  }
  [[nodiscard]] const std::vector<Series>& series(Family family) const;
  /// The sum over a family's series whose first label is `first`.
  [[nodiscard]] std::uint64_t total(Family family, std::string_view first = {}) const;
  /// Log lines that could not be written.
  [[nodiscard]] std::uint64_t lost_lines() const { return lost_lines_; }
  [[nodiscard]] const Histogram& sizes() const { return sizes_; }
  [[nodiscard]] const Histogram& delays() const { return delays_; }

 private:
  std::array<std::uint64_t, kEventCount> events_{};
  std::array<std::vector<Series>, kFamilyCount> families_;
  std::uint64_t lost_lines_ = 0;
  Histogram sizes_;   ///< Octets of accepted messages.
  Histogram delays_;  ///< Seconds from MAIL to mailbox.
};

}  // namespace gatepost::log
