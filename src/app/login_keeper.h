// SPDX-License-Identifier: Apache-2.0
// app: what is remembered of logins, and what happens when one is held and let go.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings_directory.h"
#include "config/settings.h"
#include "net/task_group.h"
#include "server/floor.h"
#include "server/injector.h"
#include "server/login.h"
#include "server/profile.h"
#include "storage/clerk.h"

namespace gatepost::app {

/// Keeps the held logins in state_directory/held-logins, and a key in state_directory/login.key
/// that makes unknown users look the same after a restart. Tells postmaster once about each login
/// that is held. All calls from the loop's thread.
class LoginKeeper final : private server::Logins::Watch {
 public:
  struct Parts {
    server::Logins& logins;
    server::Floor& floor;
    storage::Clerk& clerk;
    net::TaskGroup& tasks;
    server::Injector& injector;
  };
  /// What `parts` refer to outlives the keeper.
  explicit LoginKeeper(const Parts& parts);
  ~LoginKeeper() override;

  /// Reads what was kept. Reads and writes a small file: for the start.
  void open(const std::string& state_directory);
  /// New settings are in force.
  void configure(const config::Settings& settings,
                 const std::shared_ptr<const server::Profile>& profile,
                 SettingsDirectory& directory);

  [[nodiscard]] std::vector<policy::LoginLimits::Held> held() const {
    return logins_.limits.held();
  }
  /// The verb `login`: its words are "list", or "release" and a name.
  Task<Result<std::string>> perform(std::vector<std::string> words);
  /// Lets go of a login and of its mail; how many messages that were. Permanent error: it is not
  /// held.
  Task<Result<std::size_t>> release(std::string login);

 private:
  void login_held(const policy::LoginLimits::Held& held) override;
  void keep();
  Task<void> tell_postmaster(policy::LoginLimits::Held held);
  Task<Result<void>> send_again(queue::Item item);
  [[nodiscard]] bool is_ours(const queue::Item& item) const;

  server::Logins& logins_;
  server::Floor& floor_;
  storage::Clerk& clerk_;
  net::TaskGroup& tasks_;
  server::Injector& injector_;
  std::shared_ptr<const server::Profile> profile_;
  std::string held_file_;
  Secret key_;
};

}  // namespace gatepost::app
