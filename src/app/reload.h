// SPDX-License-Identifier: Apache-2.0
// app: taking over new settings without losing a connection.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"
#include "log/log.h"
#include "tls/server_context.h"

namespace gatepost::app {

/// Rows of keys.def marked Start whose value differs are put back to what is in force, and named:
/// they count after a restart.
[[nodiscard]] std::vector<std::string> keep_start_settings(const config::Settings& in_force,
                                                           config::Settings& next);

/// Logs what a look at the certificate files brought.
void tell_certificates(const tls::Refresh& refresh, log::Log& log);

}  // namespace gatepost::app
