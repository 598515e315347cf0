// SPDX-License-Identifier: Apache-2.0
// app: taking over new settings without losing a connection.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/settings_directory.h"
#include "base/result.h"
#include "config/settings.h"
#include "log/log.h"
#include "storage/clerk.h"
#include "tables/files.h"
#include "tls/server_context.h"

namespace gatepost::app {

/// Rows of keys.def marked Start whose value differs are put back to what is in force, and named:
/// they count after a restart.
[[nodiscard]] std::vector<std::string> keep_start_settings(const config::Settings& in_force,
                                                           config::Settings& next);

/// The thread that reads tables and settings. Patterns and tables of whoever writes them take more
/// stack than the writing of files.
inline constexpr storage::Clerk::Settings kReader{.threads = 1, .stack_octets = 2 * 1024 * 1024};

/// What a reload puts into force.
struct NextSettings {
  config::Settings settings;
  std::shared_ptr<SettingsDirectory> directory;
  tls::ServerSettings tls;
  std::vector<std::string> notes;    ///< What is worth telling, one line each.
  std::vector<std::string> waiting;  ///< Settings that count after a restart.
};

/// Reads `file` and all that it names. Any thread; it may take long. `files` outlives the directory.
[[nodiscard]] Result<NextSettings> read_next_settings(const std::string& file,
                                                      tables::Files& files,
                                                      const config::Settings& in_force);

/// Logs what a look at the certificate files brought.
void tell_certificates(const tls::Refresh& refresh, log::Log& log);

}  // namespace gatepost::app
