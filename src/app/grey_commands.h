// SPDX-License-Identifier: Apache-2.0
// app: the verbs of the control socket about greylisting and traps.
#pragma once

#include <string>

#include "base/result.h"
#include "base/task.h"
#include "control/protocol.h"
#include "log/clock.h"
#include "server/greylisting.h"

namespace gatepost::app {

[[nodiscard]] bool is_grey_verb(control::Verb verb);

/// Carries out one of them; the answer, of lists with its line ends. The references outlive the
/// call.
Task<Result<std::string>> serve_greylist(server::Greylisting& greylisting,
                                         log::Clock& clock,
                                         control::Request request);

}  // namespace gatepost::app
