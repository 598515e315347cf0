// SPDX-License-Identifier: Apache-2.0
// mail: queue ids.
#pragma once

#include <string>

#include "base/time.h"

namespace gatepost::mail {

/// Makes queue ids: 5 hexadecimal digits of microseconds, then 8 of seconds, in upper case,
/// as log tools expect them (`[0-9A-F]+`). Never twice the same from one maker, even when the
/// clock stands still or is set back: each id is made from a moment later than the last.
class IdMaker {
 public:
  IdMaker() = default;
  /// `last`: the latest moment ids were made from before, so that a restart repeats none.
  explicit IdMaker(Moment last) : last_(last) {}

  [[nodiscard]] std::string next(Moment now);
  /// The moment the newest id was made from.
  [[nodiscard]] Moment last() const { return last_; }

 private:
  Moment last_{};
};

}  // namespace gatepost::mail
