// SPDX-License-Identifier: Apache-2.0
// cli: the reference manual, printed from the tables the program runs by.
#pragma once

#include <string>

namespace gatepost::cli {

/// Each as text for a terminal or a page, or as a JSON array with one object a row.
[[nodiscard]] std::string manual_commands(bool json);
[[nodiscard]] std::string manual_control(bool json);
[[nodiscard]] std::string manual_events(bool json);
[[nodiscard]] std::string manual_metrics(bool json);
[[nodiscard]] std::string manual_extensions(bool json);
[[nodiscard]] std::string manual_replies(bool json);
/// A text; there is no JSON of it.
[[nodiscard]] std::string manual_users(bool json);
[[nodiscard]] std::string manual_bans(bool json);

}  // namespace gatepost::cli
