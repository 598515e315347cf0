// SPDX-License-Identifier: Apache-2.0
// app: what this machine has of what the settings name: users, groups, keys, ways to folders.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/load.h"
#include "base/result.h"
#include "config/settings.h"
#include "system/account.h"
#include "tables/files.h"

namespace gatepost::app {

/// Whom the process becomes when root starts it: there, and not root again. The error begins with
/// the parameter's name, as that of find_control_group().
[[nodiscard]] Result<system::Account> find_mail_owner(const config::Settings& settings);
/// Nothing when there is none configured.
[[nodiscard]] Result<std::optional<gid_t>> find_control_group(const config::Settings& settings);

/// Why users of the machine cannot leave mail: a line for them who may, when there is a reason.
[[nodiscard]] std::optional<std::string> find_maildrop_fault(const config::Settings& settings);

/// What would keep root from starting the service, and what would not be as it was meant. Each line
/// begins with a parameter's name, or "warning: " and one. Nothing is made or changed.
struct HostReport {
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
};
[[nodiscard]] HostReport check_host(const LoadedSettings& loaded, tables::Files& files);

}  // namespace gatepost::app
