// SPDX-License-Identifier: Apache-2.0
// app: what is remembered of logins, and what happens when one is held and let go.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings_directory.h"
#include "config/settings.h"
#include "net/deadlines.h"
#include "net/task_group.h"
#include "server/floor.h"
#include "server/injector.h"
#include "server/login.h"
#include "server/profile.h"
#include "storage/clerk.h"

namespace gatepost::app {

/// Keeps the held logins in state_directory/held-logins, and a key in state_directory/login.key
/// that makes unknown users look the same after a restart. Tells postmaster about each login that
/// is held, until the notice is stored, and puts on hold what of its mail still waits in the queue.
/// All calls from the loop's thread.
class LoginKeeper final : private server::Logins::Watch, private net::Waiter {
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
  /// The verb `login`: its words are "list", or "release" or "discard" and a name.
  Task<Result<std::string>> perform(std::vector<std::string> words, bool json);

 private:
  /// What became of the mail on hold of a login.
  struct Released {
    std::size_t sent = 0;
    std::size_t failed = 0;  ///< Still on hold.
    std::string reason;      ///< Of the first of these.
  };
  class Turn;

  void login_held(const policy::LoginLimits::Held& held) override;
  void verdict_changed(std::string_view login) override;
  void time_is_up() override;
  void keep();
  [[nodiscard]] std::string list(bool json) const;
  /// Lets go of a login and of its mail, and of mail on hold that a failure left behind. Permanent
  /// error: neither is there. Temporary: not all of it could go.
  Task<Result<std::string>> release(std::string login);
  /// Deletes the mail on hold of a login, which stays held.
  Task<Result<std::string>> discard(std::string login);
  Task<Released> send_held(std::string login);
  Task<void> send_late();
  Task<void> count_held();
  Task<void> hold_waiting(std::string login);
  Task<void> tell_postmaster();
  [[nodiscard]] server::Injection make_notice(const policy::LoginLimits::Held& held);

  server::Logins& logins_;
  server::Floor& floor_;
  storage::Clerk& clerk_;
  net::TaskGroup& tasks_;
  server::Injector& injector_;
  std::shared_ptr<const server::Profile> profile_;
  std::string held_file_;
  /// The number of the state that the file has. Held while it is written: writes are rare, and the
  /// newest is the last.
  std::shared_ptr<storage::Guarded<std::uint64_t>> written_;
  std::uint64_t state_ = 0;
  std::vector<policy::LoginLimits::Held> untold_;
  std::optional<net::Deadlines::Ticket> again_;  ///< When postmaster is told again.
  bool telling_ = false;
  std::vector<std::string> late_;  ///< Let go, with mail that came to rest afterwards.
  bool releasing_ = false;
  Secret key_;
};

}  // namespace gatepost::app
