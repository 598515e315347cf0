// SPDX-License-Identifier: Apache-2.0
// cli: the functions behind the commands; each gives the exit status.
#pragma once

#include "cli/options.h"

namespace gatepost::cli {

#define GP_COMMAND(name, function, arguments, text) int function(Arguments command_line);
#include "cli/commands.def"
#undef GP_COMMAND

}  // namespace gatepost::cli
