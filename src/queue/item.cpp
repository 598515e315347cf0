// SPDX-License-Identifier: Apache-2.0
// queue: how an item changes while it waits.
#include "queue/item.h"

#include <algorithm>

namespace gatepost::queue {

void apply(const Change& change, Item& item) {
  if (change.hold) {
    item.hold = *change.hold;
    item.hold_of_login = item.hold && change.hold_of_login;
  }
  if (change.next) item.next = *change.next;
  for (const Outcome& outcome : change.outcomes) {
    if (outcome.destination >= item.destinations.size()) continue;
    Destination& destination = item.destinations[outcome.destination];
    destination.state = outcome.state;
    destination.reason = outcome.reason;
  }
}

bool is_pending(const Item& item) {
  return std::any_of(item.destinations.begin(), item.destinations.end(),
                     [](const Destination& one) { return one.state == State::Waiting; });
}

}  // namespace gatepost::queue
