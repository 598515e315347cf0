// SPDX-License-Identifier: Apache-2.0
// cli: what `gatepost user` does with the users of passwd_file; each gives the exit status.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "config/settings.h"
#include "policy/users.h"

namespace gatepost::cli {

struct UserOptions {
  bool from_stdin = false;           ///< --stdin
  bool yes = false;                  ///< -y, --yes
  bool self = false;                 ///< --self
  bool json = false;                 ///< -j, --json
  std::optional<std::string> quota;  ///< --quota SIZE
  std::optional<std::string> mode;   ///< --mode WORD
};

/// What a verb works with.
struct UserTask {
  UserOptions options;
  std::string configuration;         ///< Path of the file.
  config::Settings settings;         ///< With nothing wrong in them.
  std::string name;                  ///< In lower case; empty where none is taken.
  std::optional<std::string> value;  ///< The word after the name.
};

int add_user(const UserTask& task);
int change_password(const UserTask& task);
int delete_user(const UserTask& task);
int set_mode(const UserTask& task);
int list_users(const UserTask& task);
int quota_of_user(const UserTask& task);
int verify_user(const UserTask& task);

/// The users of passwd_file, as logins see them.
[[nodiscard]] Result<policy::Users> read_users(const UserTask& task);
/// The new value of the quota rule for a size such as 1G: "*:storage=1G", with the limit of
/// messages that `rule` has; nothing for "none".
[[nodiscard]] Result<std::optional<std::string>> make_quota_rule(std::string_view size,
                                                                 std::string_view rule);
/// The extra field a user's quota is in, or is to be in.
[[nodiscard]] std::string_view quota_key(const policy::User& user);
/// complain(), and the sysexits status that fits the error.
[[nodiscard]] int fail_with(const Error& error);
/// The status 67 and its line.
[[nodiscard]] int fail_no_user(const UserTask& task);

}  // namespace gatepost::cli
