// SPDX-License-Identifier: Apache-2.0
// cli: where the service that is meant listens.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/options.h"

namespace gatepost::cli {

/// --socket, else control_socket of the configuration. The error is one line for the user.
[[nodiscard]] Result<std::string> find_socket(const Options& options);

}  // namespace gatepost::cli
