// SPDX-License-Identifier: Apache-2.0
// log: clients that come or do too much, and networks that are kept out for it.
#include "log/ban_events.h"

#include "base/limits.h"

namespace gatepost::log {

void RateLimit::line(Line& out) const {
  out.add("warning: ").add(what).add(" rate limit exceeded: ").number(count);
  out.add(" from ").add(peer).add(" for service ").add(service);
}

void BanBegun::line(Line& out) const {
  out.add("Ban ").add(network);
  if (time > Duration::zero()) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
    out.add(" for ").number(static_cast<std::uint64_t>(seconds)).add("s");
  }
  out.add(" (").number(count).add("): ").add(reason, limits::kLogText);
}

void BanEnded::line(Line& out) const {
  out.add("Unban ").add(network).add(" (").number(refused).add(" connections refused)");
}

}  // namespace gatepost::log
