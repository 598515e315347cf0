// SPDX-License-Identifier: Apache-2.0
// system: where files may be written (landlock(7)).
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/format.h"
#include "system/descriptor.h"
#include "system/landlock.h"

namespace gatepost::system {
namespace {

// The kernel's interface (include/uapi/linux/landlock.h), written out: the headers we compile
// with are older than the kernels we run on. The numbers are the same on every architecture.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr unsigned kAskVersion = 1U << 0;
constexpr int kPathBeneath = 1;

struct RulesetAttributes {
  std::uint64_t handled_fs = 0;
  std::uint64_t handled_net = 0;  // From version 4.
  std::uint64_t scoped = 0;       // From version 6.
};
struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed = 0;
  std::int32_t parent = -1;
};

constexpr std::uint64_t kExecute = 1ULL << 0;
constexpr std::uint64_t kWriteFile = 1ULL << 1;
constexpr std::uint64_t kReadFile = 1ULL << 2;
constexpr std::uint64_t kReadDir = 1ULL << 3;
constexpr std::uint64_t kRemoveDir = 1ULL << 4;
constexpr std::uint64_t kRemoveFile = 1ULL << 5;
constexpr std::uint64_t kMakeChar = 1ULL << 6;
constexpr std::uint64_t kMakeDir = 1ULL << 7;
constexpr std::uint64_t kMakeReg = 1ULL << 8;
constexpr std::uint64_t kMakeSock = 1ULL << 9;
constexpr std::uint64_t kMakeFifo = 1ULL << 10;
constexpr std::uint64_t kMakeBlock = 1ULL << 11;
constexpr std::uint64_t kMakeSym = 1ULL << 12;
constexpr std::uint64_t kRefer = 1ULL << 13;       // Version 2: rename and link between folders.
constexpr std::uint64_t kTruncate = 1ULL << 14;    // Version 3.
constexpr std::uint64_t kIoctlDev = 1ULL << 15;    // Version 5.
constexpr std::uint64_t kBindTcp = 1ULL << 0;      // Version 4.
constexpr std::uint64_t kScopeSignal = 1ULL << 1;  // Version 6: signals to outside processes.

constexpr std::uint64_t kVersion2 = kExecute | kWriteFile | kReadFile | kReadDir | kRemoveDir |
                                    kRemoveFile | kMakeChar | kMakeDir | kMakeReg | kMakeSock |
                                    kMakeFifo | kMakeBlock | kMakeSym | kRefer;
constexpr std::uint64_t kReading = kReadFile | kReadDir;
// No links and no devices: nothing of ours makes them.
constexpr std::uint64_t kWriting = kReading | kWriteFile | kRemoveDir | kRemoveFile | kMakeDir |
                                   kMakeReg | kMakeSock | kRefer | kTruncate;

std::uint64_t known_to(int version) {
  std::uint64_t known = kVersion2;
  if (version >= 3) known |= kTruncate;
  if (version >= 5) known |= kIoctlDev;
  return known;
}

std::size_t attributes_size(int version) {
  if (version >= 6) return sizeof(RulesetAttributes);
  return version >= 4 ? 2 * sizeof(std::uint64_t) : sizeof(std::uint64_t);
}

Result<void> allow(const Descriptor& ruleset, const std::string& path, std::uint64_t allowed) {
  const Descriptor folder(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return system_error(format("sandbox: open {}", path), errno);
  const PathBeneath rule{allowed, folder.get()};
  if (::syscall(kAddRule, ruleset.get(), kPathBeneath, &rule, 0) != 0) {
    return system_error(format("sandbox: allow {}", path), errno);
  }
  return {};
}

}  // namespace

Result<int> restrict_files(const std::vector<std::string>& writable) {
  const long version = ::syscall(kCreateRuleset, nullptr, 0, kAskVersion);
  if (version < 0) {
    // Too old, built without it, or switched off at boot.
    if (errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM) return 0;
    return system_error("landlock_create_ruleset", errno);
  }
  // The first version refuses every rename from one folder to another, which is how a message
  // becomes visible in a Maildir.
  if (version < 2) return 0;
  const int known_version = static_cast<int>(std::min(version, 1000L));
  const std::uint64_t known = known_to(known_version);
  RulesetAttributes attributes;
  attributes.handled_fs = known;
  attributes.handled_net = known_version >= 4 ? kBindTcp : 0;
  attributes.scoped = known_version >= 6 ? kScopeSignal : 0;
  const Descriptor ruleset(
      static_cast<int>(::syscall(kCreateRuleset, &attributes, attributes_size(known_version), 0)));
  if (ruleset.get() < 0) return system_error("landlock_create_ruleset", errno);
  GP_CHECK(allow(ruleset, "/", kReading & known));
  for (const auto& path : writable) GP_CHECK(allow(ruleset, path, kWriting & known));
  if (::syscall(kRestrictSelf, ruleset.get(), 0) != 0) {
    return system_error("landlock_restrict_self", errno);
  }
  return known_version;
}

}  // namespace gatepost::system
