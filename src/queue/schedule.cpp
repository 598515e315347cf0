// SPDX-License-Identifier: Apache-2.0
// queue: when a message is tried again, and when no more.
#include "queue/schedule.h"

#include <algorithm>
#include <chrono>

namespace gatepost::queue {

Moment next_attempt(const Schedule& schedule, Moment arrived, Moment now) {
  const auto age = std::chrono::duration_cast<Duration>(now - arrived);
  const Duration most = std::max(schedule.minimal_backoff, schedule.maximal_backoff);
  return now + std::clamp(age, schedule.minimal_backoff, most);
}

bool has_expired(const Schedule& schedule, Moment arrived, bool null_sender, Moment now) {
  return now - arrived >= (null_sender ? schedule.bounce_lifetime : schedule.lifetime);
}

}  // namespace gatepost::queue
