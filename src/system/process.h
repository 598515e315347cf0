// SPDX-License-Identifier: Apache-2.0
// system: what the kernel says about this machine and this process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace gatepost::system {

/// The kernel's host name, lower case; "localhost" where it has none or one that cannot stand
/// in a mail header. No look-up is made.
[[nodiscard]] std::string host_name();

/// Raises the soft limit of open files to the hard one; the limit in force afterwards.
[[nodiscard]] Result<std::uint64_t> raise_open_files();

/// Octets of memory that are this process's own share (proportional set size); nothing where
/// the kernel does not tell.
[[nodiscard]] std::optional<std::uint64_t> memory_used();

}  // namespace gatepost::system
