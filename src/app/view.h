// SPDX-License-Identifier: Apache-2.0
// app: how who asks at the control socket wants to see things.
#pragma once

#include <chrono>
#include <string>

#include "base/stamp.h"
#include "base/time.h"
#include "control/human.h"

namespace gatepost::app {

struct View {
  bool json = false;
  std::chrono::seconds offset{};  ///< Of local time.
};

[[nodiscard]] inline Moment moment_of(Stamp stamp) {
  return Moment(std::chrono::seconds(stamp));
}

/// In UTC for programs, in local time for people.
[[nodiscard]] inline std::string when(Stamp stamp, const View& view) {
  return view.json ? control::format_utc(moment_of(stamp))
                   : control::format_local(moment_of(stamp), view.offset);
}

}  // namespace gatepost::app
