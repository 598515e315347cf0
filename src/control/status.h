// SPDX-License-Identifier: Apache-2.0
// control: how the service is, for a person and for programs.
#pragma once

#include <string>

#include "control/snapshot.h"
#include "log/counters.h"

namespace gatepost::control {

/// A screenful at most. The first word after "is" is the phase; lines about problems begin with "!".
[[nodiscard]] std::string format_status(const StatusSnapshot& snapshot,
                                        const log::Counters& counters);
/// One object on one line. Member names are stable; times are RFC 3339 in UTC.
[[nodiscard]] std::string format_status_json(const StatusSnapshot& snapshot,
                                             const log::Counters& counters);

}  // namespace gatepost::control
