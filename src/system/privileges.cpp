// SPDX-License-Identifier: Apache-2.0
// system: from root to an ordinary user, once and for good.
#include "system/privileges.h"

#include <array>
#include <cerrno>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/format.h"

namespace gatepost::system {
namespace {

Result<void> check(long result, std::string_view what) {
  if (result != 0) return system_error(what, errno);
  return {};
}

bool has_capability(int number) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
  const auto index = static_cast<std::size_t>(CAP_TO_INDEX(number));
  return (sets[index].effective & CAP_TO_MASK(number)) != 0;
}

/// While still root: afterwards the right to do this is gone.
Result<void> empty_bounding_set() {
  if (!has_capability(CAP_SETPCAP)) return {};
  for (int number = 0; ::prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; ++number) {
    GP_CHECK(check(::prctl(PR_CAPBSET_DROP, number, 0, 0, 0), "PR_CAPBSET_DROP"));
  }
  return {};
}

Result<void> become(const Account& owner) {
  if (owner.uid == 0 || owner.gid == 0) {
    return Error{Cause::Permanent, format("{} is root, or in root's group", owner.name)};
  }
  GP_CHECK(check(::setgroups(owner.groups.size(), owner.groups.data()), "setgroups"));
  GP_CHECK(check(::setresgid(owner.gid, owner.gid, owner.gid), "setresgid"));
  GP_CHECK(check(::setresuid(owner.uid, owner.uid, owner.uid), "setresuid"));
  return {};
}

/// A call that says it worked is not believed (CVE-2014-0181 and its kin).
Result<void> read_back(const Account& owner) {
  std::array<uid_t, 3> uids{};
  std::array<gid_t, 3> gids{};
  GP_CHECK(check(::getresuid(&uids[0], &uids[1], &uids[2]), "getresuid"));
  GP_CHECK(check(::getresgid(&gids[0], &gids[1], &gids[2]), "getresgid"));
  for (const uid_t uid : uids) {
    if (uid != owner.uid) return Error{Cause::Bug, "the user id did not change"};
  }
  for (const gid_t gid : gids) {
    if (gid != owner.gid) return Error{Cause::Bug, "the group id did not change"};
  }
  if (::setuid(0) == 0) return Error{Cause::Bug, "root can be had back"};
  return {};
}

Result<void> drop_capabilities() {
  // Unknown to kernels before 4.3, which have no ambient ones.
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) {
    return system_error("PR_CAP_AMBIENT", errno);
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  GP_CHECK(check(::syscall(SYS_capset, &header, none.data()), "capset"));
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> left{};
  GP_CHECK(check(::syscall(SYS_capget, &header, left.data()), "capget"));
  for (const auto& set : left) {
    if ((set.effective | set.permitted | set.inheritable) != 0) {
      return Error{Cause::Bug, "capabilities did not go"};
    }
  }
  return {};
}

Result<void> close_doors() {
  GP_CHECK(check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS"));
  // After the change of user, which sets it anew.
  GP_CHECK(check(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE"));
  const rlimit no_core{0, 0};
  GP_CHECK(check(::setrlimit(RLIMIT_CORE, &no_core), "RLIMIT_CORE"));
  return {};
}

}  // namespace

Result<void> drop_privileges(const Account& owner) {
  const bool root = ::geteuid() == 0;
  GP_CHECK(empty_bounding_set());
  if (root) {
    GP_CHECK(become(owner));
    GP_CHECK(read_back(owner));
  }
  GP_CHECK(drop_capabilities());
  return close_doors();
}

}  // namespace gatepost::system
