// SPDX-License-Identifier: Apache-2.0
// system: from root to an ordinary user, once and for good.
#pragma once

#include "base/result.h"
#include "system/account.h"

namespace gatepost::system {

/// Becomes `owner` where the process is root (root itself is refused as owner), and in any case
/// gives up every capability, the bounding set, new privileges by exec, core dumps and being
/// traced. What was promised is read back. All threads started later inherit it; there must be
/// no other thread yet.
Result<void> drop_privileges(const Account& owner);

}  // namespace gatepost::system
