// SPDX-License-Identifier: Apache-2.0
// app: the control socket's verbs that change the queue.
#pragma once

#include <string>

#include "base/result.h"
#include "base/task.h"
#include "control/protocol.h"
#include "storage/mail_store.h"

namespace gatepost::app {

/// Hold, Release, Delete and Flush, for the ids in the request's words or for ALL of the queue, as
/// postsuper(1) -h, -H and -d, and postqueue(1) -f and -i. One line about what was done; Permanent when none of the ids is
/// in the queue. Words that are no ids refuse the whole request. `store` and `request` outlive
/// the task.
[[nodiscard]] Task<Result<std::string>> change_queue(storage::MailStore& store,
                                                     const control::Request& request);

}  // namespace gatepost::app
