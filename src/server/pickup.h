// SPDX-License-Identifier: Apache-2.0
// server: takes in what local programs left in the maildrop.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "net/task_group.h"
#include "server/floor.h"
#include "server/injector.h"
#include "storage/clerk.h"
#include "storage/maildrop.h"

namespace gatepost::server {

/// port: which users of the machine may send (authorized_submit_users).
class Submitters {
 public:
  virtual ~Submitters() = default;
  [[nodiscard]] virtual Result<bool> may_submit(std::uint32_t uid) = 0;
};

/// One message at a time, so that local mail, however much, leaves the disk to others in between;
/// the users of the machine take turns.
/// What cannot be taken in now is tried again later; what never can is set aside and told once.
class Pickup {
 public:
  struct Parts {
    Floor& floor;
    storage::Clerk& clerk;
    net::TaskGroup& tasks;
    Injector& injector;
  };

  /// What `parts` and `files` refer to outlives the pickup. `folder`: maildrop_directory.
  Pickup(Parts parts, storage::Files& files, std::string folder);

  /// Counts from the next message on; not null.
  void configure(std::shared_ptr<const Profile> profile, std::shared_ptr<Submitters> submitters);
  /// Called by the app's tick: begins a round where there may be something new.
  void look();
  /// The message under way is the last.
  void shut_down() { closed_ = true; }

 private:
  class Text;
  enum class Taken : std::uint8_t { Yes, Later, NoRoom };

  Task<void> round();
  Task<void> list();
  Task<Taken> take(std::string name);
  Task<Taken> inject(storage::Drop drop);
  Task<void> set_aside(std::string name, std::string why);
  [[nodiscard]] bool has_room(std::uint64_t octets) const;
  void wait(const std::string& name, std::string_view why);

  Parts parts_;
  storage::Files& files_;
  storage::Maildrop maildrop_;
  std::string folder_;
  std::shared_ptr<const Profile> profile_;
  std::shared_ptr<Submitters> submitters_;
  std::vector<std::string> ready_;
  std::map<std::string, Instant, std::less<>> waiting_;  // Failed for now: not before this.
  Instant next_{};                                       // A round even if nothing changed.
  Moment seen_{};                                        // Change of the folder that was listed.
  std::string told_;                                     // The last trouble with the folder itself.
  bool busy_ = false;
  bool closed_ = false;
};

}  // namespace gatepost::server
