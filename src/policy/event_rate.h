// SPDX-License-Identifier: Apache-2.0
// policy: events of one client in a time, as Postfix's anvil(8) counts them.
#pragma once

#include <cstdint>
#include <map>

#include "base/address.h"
#include "base/time.h"

namespace gatepost::policy {

/// Counts in windows that begin with a client's first event.
class EventRate {
 public:
  /// Clients kept at most; when there are more, windows that are over go, then all.
  static constexpr std::size_t kMostClients = 16384;

  /// Counts one event of `client` (masked); how many there were within `time`, this one included.
  [[nodiscard]] std::uint32_t count(const IpAddress& client, Duration time, Instant now);

  /// How many there were within `time`.
  [[nodiscard]] std::uint32_t peek(const IpAddress& client, Duration time, Instant now) const;

 private:
  struct Window {
    Instant begun{};
    std::uint32_t events = 0;
  };
  std::map<IpAddress, Window> clients_;
};

}  // namespace gatepost::policy
