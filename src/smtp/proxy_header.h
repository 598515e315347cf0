// SPDX-License-Identifier: Apache-2.0
// smtp: what a proxy says before the first octet of its client (HAProxy's PROXY protocol, 1 and 2).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/address.h"

namespace gatepost::smtp {

/// The longest header that is read: 16 octets and what a proxy may add of addresses and TLVs.
/// Version 1 has 107 at most.
inline constexpr std::size_t kProxyHeader = 16 + 512;

/// Reading one header, which ends where the client's own octets begin: no octet after it is taken.
struct ProxyReading {
  /// Octets without which there is no whole header; one more may be the client's. 0: it is read, or
  /// it is wrong.
  std::size_t missing = 0;
  std::string_view fault = {};  ///< What is wrong with it; a literal.
  /// Both ends of the client's connection. Nothing: the proxy speaks for itself (LOCAL), or does
  /// not know (UNKNOWN), and its own connection is meant.
  struct Ends {
    Endpoint client, local;
  };
  std::optional<Ends> ends = {};
};

/// `text`: all that was read yet, never more than was missing.
[[nodiscard]] ProxyReading read_proxy_header(std::string_view text);

}  // namespace gatepost::smtp
