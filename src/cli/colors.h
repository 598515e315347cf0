// SPDX-License-Identifier: Apache-2.0
// cli: colours for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace gatepost::cli {

/// The status text with colours: the phase green or yellow, problems red.
[[nodiscard]] std::string color_status(std::string_view text);

}  // namespace gatepost::cli
