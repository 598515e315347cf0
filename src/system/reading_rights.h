// SPDX-License-Identifier: Apache-2.0
// system: what an ordinary user may read, asked by root.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"
#include "system/account.h"

namespace gatepost::system {

/// A file a user may not read, and what stands in the way: the file itself, or a folder above it.
struct Unreadable {
  std::string path;
  std::string barrier;
  uid_t owner = 0;  ///< Of the barrier, as is the next.
  mode_t mode = 0;
};

/// Those of `paths` that `account` may not read, as the kernel decides, with its access lists. For
/// root, in a program of one thread: the process acts as that user for as long as it takes. An
/// error: it may not do that.
[[nodiscard]] Result<std::vector<Unreadable>> find_unreadable(
    const Account& account, const std::vector<std::string>& paths);

}  // namespace gatepost::system
