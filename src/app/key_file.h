// SPDX-License-Identifier: Apache-2.0
// app: random keys of this machine, kept in state_directory.
#pragma once

#include <string>

#include "base/secret.h"
#include "log/log.h"

namespace gatepost::app {

/// The 32 random octets in the file, which is made when there is none; what cannot be written is
/// told, and holds until the next start. Empty when the system has no randomness.
[[nodiscard]] Secret open_key_file(const std::string& path, log::Log& log);

}  // namespace gatepost::app
