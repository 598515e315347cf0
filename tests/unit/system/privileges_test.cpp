// SPDX-License-Identifier: Apache-2.0
// tests: from root to an ordinary user.
#include "system/privileges.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "child.h"
#include "system/process.h"

namespace gatepost::system {
namespace {

using tests::first_false;
using tests::in_child;

constexpr uid_t kUser = 54321;
constexpr gid_t kGroup = 54322;
constexpr gid_t kOther = 54323;

Account ordinary() {
  return {"somebody", kUser, kGroup, {kOther}};
}

bool status_has(const std::string& wanted) {
  std::ifstream file("/proc/self/status");
  std::string line;
  while (std::getline(file, line)) {
    if (line == wanted) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("root becomes the owner with the owner's groups and no way back", "[system]") {
  if (::geteuid() != 0) SKIP("only root can");
  CHECK(in_child([] {
          if (!drop_privileges(ordinary())) return 50;
          std::array<gid_t, 8> groups{};
          const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
          const bool user = ::getuid() == kUser && ::geteuid() == kUser;
          const bool group = ::getgid() == kGroup && ::getegid() == kGroup;
          const bool other = count == 1 && groups[0] == kOther;
          const bool stays = ::setuid(0) != 0 && ::setgid(0) != 0;
          return first_false(user, group, other, stays, ::access("/etc/shadow", R_OK) != 0);
        }) == 0);
}

TEST_CASE("no capability is left, and none can be had by exec", "[system]") {
  CHECK(in_child([] {
          const bool root = ::geteuid() == 0;
          if (!drop_privileges(root ? ordinary() : own_account())) return 50;
          const bool effective = status_has("CapEff:\t0000000000000000");
          const bool permitted = status_has("CapPrm:\t0000000000000000");
          const bool bounding = !root || status_has("CapBnd:\t0000000000000000");
          return first_false(effective, permitted, bounding, status_has("NoNewPrivs:\t1"));
        }) == 0);
}

TEST_CASE("the process leaves no core and cannot be traced by its user", "[system]") {
  CHECK(in_child([] {
          const bool root = ::geteuid() == 0;
          if (!drop_privileges(root ? ordinary() : own_account())) return 50;
          rlimit core{1, 1};
          ::getrlimit(RLIMIT_CORE, &core);
          const bool none = core.rlim_cur == 0 && core.rlim_max == 0;
          return first_false(none, ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
        }) == 0);
}

TEST_CASE("the process still knows its own memory afterwards", "[system]") {
  CHECK(in_child([] {
          const bool root = ::geteuid() == 0;
          if (!drop_privileges(root ? ordinary() : own_account())) return 50;
          return memory_used().value_or(0) > 0 ? 0 : 1;
        }) == 0);
}

TEST_CASE("root is not accepted as the owner", "[system]") {
  if (::geteuid() != 0) SKIP("only root is asked");
  CHECK(in_child([] { return drop_privileges({"root", 0, 0, {}}) ? 1 : 0; }) == 0);
  CHECK(in_child([] { return drop_privileges({"almost", kUser, 0, {}}) ? 1 : 0; }) == 0);
}

}  // namespace gatepost::system
