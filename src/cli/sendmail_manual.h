// SPDX-License-Identifier: Apache-2.0
// cli: sendmail(1), mailq(1) and newaliases(1), printed from the table of options.
#pragma once

#include <string>

namespace gatepost::cli {

/// sendmail --help
[[nodiscard]] std::string sendmail_help();

/// Pages for man(1).
[[nodiscard]] std::string sendmail_page();
[[nodiscard]] std::string mailq_page();
[[nodiscard]] std::string newaliases_page();

}  // namespace gatepost::cli
