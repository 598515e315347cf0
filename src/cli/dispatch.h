// SPDX-License-Identifier: Apache-2.0
// cli: one binary, many names: which command is meant by how the program was called.
#pragma once

#include <string_view>

#include "cli/options.h"

namespace gatepost::cli {

/// Runs the command and gives the exit status. `program` is argv[0]: its last part may be mailq,
/// sendmail or newaliases; whatever else it is means gatepost.
[[nodiscard]] int dispatch(std::string_view program, Arguments arguments);

}  // namespace gatepost::cli
