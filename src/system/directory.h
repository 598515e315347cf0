// SPDX-License-Identifier: Apache-2.0
// system: directories made for the user we become, without being led astray by links.
#pragma once

#include <string>
#include <sys/types.h>

#include "base/result.h"
#include "system/account.h"

namespace gatepost::system {

/// Makes a directory, and those above it that are missing (0755, ours), and gives it to `owner`.
/// One that is there keeps its mode; its owner changes only from root, and only when it is empty
/// and nobody else could write to it. Links on the way are followed only where root or this
/// process made them, and the last name may not be one. An error, with EACCES, when `owner` could
/// not write there afterwards. Changes the umask for a moment: no other thread may make files.
Result<void> prepare_directory(const std::string& path, mode_t mode, const Account& owner);

}  // namespace gatepost::system
