// SPDX-License-Identifier: Apache-2.0
// control: from a request to its answer.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "control/backend.h"
#include "control/protocol.h"
#include "queue/item.h"

namespace gatepost::control {

/// The whole answer, refusals included. `items` are those of the queue, oldest first; they
/// count only for Verb::Queue, and the caller brings them because they have to be waited for.
[[nodiscard]] std::string answer(const Request& request,
                                 Backend& backend,
                                 const Result<std::vector<queue::Item>>& items);

/// The answer to a verb the backend has carried out: what it did, or why not. Of an error's
/// `system`, EINVAL says that the words were wrong and ESRCH that there is no such one.
[[nodiscard]] std::string answer_done(const Request& request, const Result<std::string>& done);

/// The answer to Verb::Reload, which the caller has carried out: what changed, or why not.
[[nodiscard]] std::string answer_reload(bool json, const Result<std::string>& changes);

/// The verbs, for a person or as a JSON array.
[[nodiscard]] std::string format_help(bool json);

}  // namespace gatepost::control
