// SPDX-License-Identifier: Apache-2.0
// system: which directory above a path somebody may not go through.
#pragma once

#include <optional>
#include <string>

#include "system/account.h"

namespace gatepost::system {

/// The first directory above `path` whose mode does not let `who` search it, as text:
/// "/var/lib/gatepost (root:root 0750)". Nothing also where a directory cannot be looked at. Access
/// lists are not seen: this explains a refusal, or warns, and decides nothing.
[[nodiscard]] std::optional<std::string> find_barrier(const std::string& path, const Account& who);

/// Somebody who owns nothing and is in no group.
[[nodiscard]] Account anybody();

}  // namespace gatepost::system
