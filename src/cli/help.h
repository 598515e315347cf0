// SPDX-License-Identifier: Apache-2.0
// cli: the commands, what they take and what they do.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/options.h"

namespace gatepost::cli {

struct CommandRow {
  std::string_view name;
  int (*function)(Arguments);
  std::string_view arguments;
  std::string_view text;
};

[[nodiscard]] std::span<const CommandRow> command_rows();
/// Null when there is no such command.
[[nodiscard]] const CommandRow* find_command(std::string_view name);
/// The command that was meant, or an empty text when none is near.
[[nodiscard]] std::string_view nearest_command(std::string_view name);

/// All commands.
[[nodiscard]] std::string help_text();
/// One command, which exists.
[[nodiscard]] std::string help_for(std::string_view command);

}  // namespace gatepost::cli
