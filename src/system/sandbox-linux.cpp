// SPDX-License-Identifier: Apache-2.0
// system: what this process may no longer ask of the kernel.
#include <cerrno>
#include <sys/prctl.h>

#include "system/landlock.h"
#include "system/sandbox.h"
#include "system/seccomp.h"

namespace gatepost::system {
namespace {

// A sanitizer's run time opens files, traces the process and starts programs of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

void note(std::string& notes, std::string_view text) {
  if (!notes.empty()) notes += "; ";
  notes += text;
}

}  // namespace

Result<SandboxFacts> enter_sandbox(const SandboxSettings& settings) {
  SandboxFacts facts;
  if (kSanitized) {
    facts.missing = "built with a sanitizer";
    return facts;
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return system_error("PR_SET_NO_NEW_PRIVS", errno);
  }
  GP_TRY(facts.landlock, restrict_files(settings.writable));
  if (facts.landlock == 0) note(facts.missing, "no Landlock of version 2 or later in the kernel");
  GP_TRY(facts.seccomp, restrict_calls(settings.violation));
  if (!facts.seccomp) note(facts.missing, "no filters of system calls in the kernel");
  return facts;
}

}  // namespace gatepost::system
