// SPDX-License-Identifier: Apache-2.0
// app: where the settings say that mail goes.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "delivery/transport.h"

namespace gatepost::app {

/// The transport of mydestination: mailbox_transport where it is set, else local_transport.
[[nodiscard]] Result<delivery::Transport> local_transport(const config::Settings& settings);
/// What is wrong with the transports, a line each.
[[nodiscard]] std::vector<std::string> find_transport_faults(const config::Settings& settings);

}  // namespace gatepost::app
