// SPDX-License-Identifier: Apache-2.0
// queue: when a message is tried again, and when no more.
#pragma once

#include "base/time.h"

namespace gatepost::queue {

struct Schedule {
  Duration minimal_backoff{300'000};
  Duration maximal_backoff{4'000'000};
  Duration lifetime{432'000'000};         ///< maximal_queue_lifetime
  Duration bounce_lifetime{432'000'000};  ///< bounce_queue_lifetime: of messages from <>
};

/// As Postfix's qmgr(8): a message waits as long again as it is old, within the bounds.
[[nodiscard]] Moment next_attempt(const Schedule& schedule, Moment arrived, Moment now);
[[nodiscard]] bool has_expired(const Schedule& schedule,
                               Moment arrived,
                               bool null_sender,
                               Moment now);

}  // namespace gatepost::queue
