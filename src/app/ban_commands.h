// SPDX-License-Identifier: Apache-2.0
// app: the verbs of the control socket about bans.
#pragma once

#include <string>

#include "base/result.h"
#include "control/protocol.h"
#include "log/clock.h"
#include "server/warden.h"

namespace gatepost::app {

[[nodiscard]] bool is_ban_verb(control::Verb verb);

/// Carries out one of them; the answer, of lists with its line ends.
[[nodiscard]] Result<std::string> serve_bans(server::Warden& warden,
                                             log::Clock& clock,
                                             const control::Request& request);

}  // namespace gatepost::app
