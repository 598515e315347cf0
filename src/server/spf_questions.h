// SPDX-License-Identifier: Apache-2.0
// server: puts the questions of the machines of room spf to the domain name system.
#pragma once

#include "base/dns.h"
#include "base/task.h"
#include "base/time.h"
#include "server/floor.h"
#include "spf/evaluation.h"
#include "spf/machine.h"

namespace gatepost::server {

/// Until the machine has no more questions or `stop` is set. All outlive the task.
[[nodiscard]] Task<void> put_questions(Dns& dns, spf::Machine& machine, const bool& stop);

/// check_host() within `time`, for which RFC 7208 section 4.6.4 wants 20 seconds at least: what
/// lasts longer is a TempError. `dns` and `clocks` outlive the task.
[[nodiscard]] Task<spf::Outcome> check_spf(Dns& dns,
                                           const Clocks& clocks,
                                           spf::Identity identity,
                                           Duration time);

}  // namespace gatepost::server
