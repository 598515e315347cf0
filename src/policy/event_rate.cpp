// SPDX-License-Identifier: Apache-2.0
// policy: events of one client in a time, as Postfix's anvil(8) counts them.
#include "policy/event_rate.h"

namespace gatepost::policy {

std::uint32_t EventRate::count(const IpAddress& client, Duration time, Instant now) {
  if (clients_.size() >= kMostClients && !clients_.contains(client)) {
    for (auto at = clients_.begin(); at != clients_.end();) {
      at = (now - at->second.begun >= time) ? clients_.erase(at) : std::next(at);
    }
    // So many at once are a flood of addresses, which no count of each would stop.
    if (clients_.size() >= kMostClients) clients_.clear();
  }
  Window& window = clients_[client];
  if (window.events == 0 || now - window.begun >= time) window = Window{now, 0};
  if (window.events < UINT32_MAX) ++window.events;
  return window.events;
}

std::uint32_t EventRate::peek(const IpAddress& client, Duration time, Instant now) const {
  const auto found = clients_.find(client);
  return found == clients_.end() || now - found->second.begun >= time ? 0 : found->second.events;
}

}  // namespace gatepost::policy
