// SPDX-License-Identifier: Apache-2.0
// control: who may ask what, by the kernel's word on who is asking.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "control/protocol.h"

namespace gatepost::control {

/// SO_PEERCRED and SO_PEERGROUPS of unix(7): the asker at the time it connected.
struct Asker {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups =
      {};  ///< Supplementary ones; empty where the kernel does not tell.
};

struct Access {
  std::uint32_t owner = 0;                            ///< The user the service runs as.
  std::optional<std::uint32_t> group = std::nullopt;  ///< control_group, where there is one.
};

/// Root and the owner.
[[nodiscard]] bool is_trusted(const Asker& asker, const Access& access);

/// Root and the owner may all; the group may what changes nothing; others may nothing, even
/// if the socket's permissions let them in.
[[nodiscard]] bool may(const Asker& asker, Who who, const Access& access);

}  // namespace gatepost::control
