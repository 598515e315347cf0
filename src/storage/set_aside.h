// SPDX-License-Identifier: Apache-2.0
// storage: a damaged database is kept beside the new one, for a person to look at.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/files.h"

namespace gatepost::storage {

inline constexpr int kMostDamaged = 1000;

/// "state.db.damaged-1"
[[nodiscard]] std::string damaged_name(std::string_view file, int n);

/// Renames `file` in the open `folder`, and its WAL, to the first such name that is free; the renames are
/// on the disk when it returns, and `told` has a line about it. Nobody has the file open.
/// EEXIST when there are `most` already.
[[nodiscard]] Result<void> set_aside(Files& files,
                                     int folder,
                                     const std::string& file,
                                     std::vector<std::string>& told,
                                     int most = kMostDamaged);

}  // namespace gatepost::storage
