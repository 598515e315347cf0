// SPDX-License-Identifier: Apache-2.0
// system: users and groups from their files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "base/result.h"

namespace gatepost::system {

/// A user as /etc/passwd and /etc/group have it. No name service is asked: a static program
/// cannot load one.
struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;              ///< The primary group.
  std::vector<gid_t> groups;  ///< Others that list the user as a member.
};

/// `passwd` and `group` are paths of files in passwd(5) and group(5) form.
[[nodiscard]] Result<Account> find_account(std::string_view name,
                                           const std::string& passwd = "/etc/passwd",
                                           const std::string& group = "/etc/group");
/// The gid of a group.
[[nodiscard]] Result<gid_t> find_group(std::string_view name,
                                       const std::string& group = "/etc/group");
/// Nothing when the gid has no line.
[[nodiscard]] Result<std::optional<std::string>> find_group_name(
    gid_t gid, const std::string& group = "/etc/group");
/// A user as passwd(5) tells of him.
struct Person {
  std::string name;
  std::string full_name;  ///< The GECOS field up to its first comma, `&` replaced by the name.
};
/// Nothing when the uid has no line.
[[nodiscard]] Result<std::optional<Person>> find_person(uid_t uid,
                                                        const std::string& passwd = "/etc/passwd");
/// Whom this process runs as; without a name.
[[nodiscard]] Account own_account();

}  // namespace gatepost::system
