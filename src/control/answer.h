// SPDX-License-Identifier: Apache-2.0
// control: from a request to its answer.
#pragma once

#include <string>

#include "base/task.h"
#include "control/backend.h"
#include "control/protocol.h"

namespace gatepost::control {

/// The whole answer, refusals included. `backend` outlives the task.
Task<std::string> answer(Request request, Backend& backend);

/// The verbs, for a person or as a JSON array.
[[nodiscard]] std::string format_help(bool json);

}  // namespace gatepost::control
