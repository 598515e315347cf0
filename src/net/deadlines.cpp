// SPDX-License-Identifier: Apache-2.0
// net: one timer for all waits of the loop.
#include "net/deadlines.h"

#include <system_error>

namespace gatepost::net {

Deadlines::Ticket::Ticket(Deadlines& deadlines, Instant until, Waiter& waiter)
    : deadlines_(deadlines) {
  if (until == kNever || deadlines_.stopped_) return;
  place_ = deadlines_.waits_.emplace(until, &waiter);
  in_ = true;
  deadlines_.arm(until);
}

Deadlines::Ticket::~Ticket() {
  // The timer is left as it is: most waits end long before their deadline, and one early
  // wake-up every few minutes is cheaper than setting a timer for every line read.
  if (in_) deadlines_.waits_.erase(place_);
}

void Deadlines::arm(Instant until) {
  if (stopped_ || until >= armed_) return;
  armed_ = until;
  timer_.expires_at(until);
  timer_.async_wait([this](const std::error_code& error) {
    if (!error) on_timer();
  });
}

void Deadlines::on_timer() {
  armed_ = kNever;
  const Instant now = std::chrono::steady_clock::now();
  while (!waits_.empty() && waits_.begin()->first <= now) {
    Waiter* const waiter = waits_.begin()->second;
    waits_.erase(waits_.begin());
    waiter->time_is_up();
  }
  if (!waits_.empty()) arm(waits_.begin()->first);
}

void Deadlines::stop() {
  stopped_ = true;
  timer_.cancel();
}

}  // namespace gatepost::net
