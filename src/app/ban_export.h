// SPDX-License-Identifier: Apache-2.0
// app: bans as a file that the packet filter is fed with.
#pragma once

#include <string>

#include "bans/firewall.h"
#include "base/stamp.h"
#include "log/log.h"
#include "net/task_group.h"
#include "server/warden.h"
#include "storage/clerk.h"

namespace gatepost::app {

/// All calls from the loop's thread.
class BanExport {
 public:
  /// All outlive it.
  struct Parts {
    server::Warden& warden;
    storage::Clerk& clerk;
    net::TaskGroup& tasks;
    log::Log& log;
  };
  BanExport(const Parts& parts, std::string path) : parts_(parts), path_(std::move(path)) {}

  /// Before configure(): whose sets the run before filled. Reads the file; blocks.
  void open();
  void configure(const bans::Firewall& firewall, Duration interval);
  /// Once a second or so: writes the file when bans changed, and `interval` has passed.
  void tick();

 private:
  /// `last`: nothing is left to be emptied then.
  Task<void> write(std::string text, bool last);

  Parts parts_;
  const std::string path_;
  bans::Firewall firewall_;
  bans::Firewall left_;  // Its sets are to be emptied, once.
  Stamp interval_ = 0;
  Stamp written_ = 0;
  bool due_ = false;
  bool writing_ = false;
  bool failed_ = false;  // And that was told.
};

}  // namespace gatepost::app
