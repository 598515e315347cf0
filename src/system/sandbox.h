// SPDX-License-Identifier: Apache-2.0
// system: what this process may no longer ask of the kernel (landlock(7), seccomp(2)).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace gatepost::system {

enum class Violation : std::uint8_t {
  Refuse,  ///< The call fails with EPERM: for production, where a surprise must not stop mail.
  Kill,    ///< The process dies with SIGSYS: for tests, where a surprise must not be overlooked.
};

struct SandboxSettings {
  /// Directories beneath which files may be made, written, renamed and removed; they exist.
  /// Everything may be read as far as permissions go, so that a reload finds its files.
  std::vector<std::string> writable;
  Violation violation = Violation::Refuse;
};

/// For the log.
struct SandboxFacts {
  int landlock = 0;      ///< The version in force; 0: the kernel has none.
  bool seccomp = false;  ///< The list of system calls is in force.
  std::string missing;   ///< Why one of them is not; empty otherwise.
};

/// Closes the sandbox around the calling thread and every thread it starts; there is no way
/// out. To be called when listeners are bound, privileges are dropped and no other thread runs.
///
/// Afterwards no program can be started, no memory made executable, no process made, no TCP
/// port bound, and nothing written outside `writable`. What the kernel does not know is left
/// out and reported; an error is a sandbox that should have closed and did not.
[[nodiscard]] Result<SandboxFacts> enter_sandbox(const SandboxSettings& settings);

}  // namespace gatepost::system
