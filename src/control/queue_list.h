// SPDX-License-Identifier: Apache-2.0
// control: the queue as mailq(1) prints it, and as `postqueue -j` does.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "queue/item.h"

namespace gatepost::control {

/// Postfix's columns. The null sender is shown as MAILER-DAEMON. Recipients that need nothing
/// more are left out.
[[nodiscard]] std::string format_queue(const std::vector<queue::Item>& items,
                                       std::chrono::seconds utc_offset);
/// One JSON object a line, with the members of `postqueue -j`. "queue_name" is "deferred" for a
/// message that was tried, else "incoming".
[[nodiscard]] std::string format_queue_json(const std::vector<queue::Item>& items);

}  // namespace gatepost::control
