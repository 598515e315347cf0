// SPDX-License-Identifier: Apache-2.0
// control: port: the running service, as the control socket sees it.
#pragma once

#include "control/snapshot.h"
#include "log/counters.h"

namespace gatepost::control {

/// Implemented by app. All calls from the loop's thread; none of them waits.
class Backend {
 public:
  virtual ~Backend() = default;

  [[nodiscard]] virtual StatusSnapshot status() = 0;
  [[nodiscard]] virtual const log::Counters& counters() const = 0;
};

}  // namespace gatepost::control
