// SPDX-License-Identifier: Apache-2.0
// system: where files may be written (landlock(7)).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace gatepost::system {

/// Restricts the calling thread; the version of Landlock in force, 0 where the kernel has
/// none that serves.
/// PR_SET_NO_NEW_PRIVS is set already.
[[nodiscard]] Result<int> restrict_files(const std::vector<std::string>& writable);

}  // namespace gatepost::system
