// SPDX-License-Identifier: Apache-2.0
// cli: takes postgrey's databases over, from what db_dump -p of Berkeley DB prints.
#pragma once

#include <string>

namespace gatepost::cli {

/// `file` empty or "-": standard input, of any length. Asks the service at `socket` to take each row
/// over, and tells how many it did, and of lines it does not understand. The exit status.
[[nodiscard]] int import_greylist(const std::string& socket, const std::string& file, bool json);

}  // namespace gatepost::cli
