// SPDX-License-Identifier: Apache-2.0
// screen: when there are so many connections under test that they are given less time.
#pragma once

#include <cstdint>
#include <optional>

namespace gatepost::screen {

/// Stress begins at 90 % of postscreen_pre_queue_limit and ends at 70 %.
class Stress {
 public:
  /// `count` connections are under test, of `limit` (0: there is none). What began or ended by it.
  std::optional<bool> update(std::uint32_t count, std::uint32_t limit) {
    const bool high = limit != 0 && std::uint64_t{count} * 10 >= std::uint64_t{limit} * 9;
    const bool low = limit == 0 || std::uint64_t{count} * 10 <= std::uint64_t{limit} * 7;
    if (on_ ? !low : !high) return std::nullopt;
    on_ = !on_;
    return on_;
  }
  [[nodiscard]] bool on() const { return on_; }

 private:
  bool on_ = false;
};

}  // namespace gatepost::screen
