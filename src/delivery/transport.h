// SPDX-License-Identifier: Apache-2.0
// delivery: where mail is handed to, as virtual_transport and its like say it.
#pragma once

#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"

namespace gatepost::delivery {

struct Transport {
  bool lmtp = false;  ///< False: the Maildirs of this program.
  std::string path;   ///< Of a socket on this machine; empty: `endpoint` counts.
  Endpoint endpoint;

  /// "host[/path]" or "192.0.2.1[192.0.2.1]:24", as logs name it.
  [[nodiscard]] std::string peer(std::string_view hostname) const;
  bool operator==(const Transport&) const = default;
};

/// `lmtp:unix:/path`, `lmtp:inet:ADDRESS:PORT`, `lmtp:ADDRESS:PORT` (24 without a port; localhost
/// is 127.0.0.1); `virtual`, `local`, `local:NAME` and nothing at all are the Maildirs. Permanent
/// for anything else.
[[nodiscard]] Result<Transport> parse_transport(std::string_view text);

}  // namespace gatepost::delivery
