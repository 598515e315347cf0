// SPDX-License-Identifier: Apache-2.0
// system: which system calls this process may make (seccomp(2)).
#pragma once

#include <linux/filter.h>
#include <vector>

#include "base/result.h"
#include "system/sandbox.h"

namespace gatepost::system {

/// The filter as the kernel's classic BPF program.
[[nodiscard]] std::vector<sock_filter> make_call_filter(Violation violation);

/// Puts it in force for all threads; false where the kernel has no filters.
/// PR_SET_NO_NEW_PRIVS is set already.
[[nodiscard]] Result<bool> restrict_calls(Violation violation);

}  // namespace gatepost::system
