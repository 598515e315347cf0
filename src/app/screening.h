// SPDX-License-Identifier: Apache-2.0
// app: the parts of screening, put together.
#pragma once

#include <memory>

#include "base/dns.h"
#include "base/stamp.h"
#include "config/settings.h"
#include "front/client_memory.h"
#include "front/list_inquiry.h"
#include "front/screener.h"
#include "log/gauges.h"
#include "net/deadlines.h"
#include "net/task_group.h"
#include "screen/expected.h"
#include "screen/let_in.h"
#include "server/floor.h"
#include "server/profile.h"
#include "server/spf_identities.h"
#include "state/screen_store.h"
#include "state/state_store.h"

namespace gatepost::app {

/// All calls from the loop's thread.
class Screening {
 public:
  struct Parts {
    server::Floor& floor;
    net::TaskGroup& tasks;
    net::Deadlines& deadlines;
    Dns& dns;
    state::StateStore& state;
    const screen::LetIn& let_in;
    const screen::Expected& expected;
  };

  /// What `parts` names outlives it.
  explicit Screening(const Parts& parts);

  /// What new connections go by.
  void configure(const config::Settings& settings, std::shared_ptr<const server::Profile> profile);
  /// Once a second or so: takes out some of what is over. Not while the clock is wrong.
  void tick(Stamp now);

  [[nodiscard]] front::Screener& screener() { return screener_; }
  [[nodiscard]] front::ListInquiry& lists() { return lists_; }
  [[nodiscard]] const front::ListInquiry& lists() const { return lists_; }
  [[nodiscard]] state::ScreenStore& store() { return store_; }
  [[nodiscard]] front::ClientMemory& memory() { return memory_; }
  /// In force; null before configure().
  [[nodiscard]] const std::shared_ptr<const server::Profile>& profile() const { return profile_; }
  [[nodiscard]] log::ScreenGauge gauge() const;

 private:
  state::ScreenStore store_;
  front::ClientMemory memory_;
  front::ListInquiry lists_;
  front::Screener screener_;
  std::shared_ptr<const server::Profile> profile_;
  server::Floor& floor_;
  net::TaskGroup& tasks_;
  server::SpfIdentities identities_;
  Stamp retention_ = 0;
  Stamp cleanup_interval_ = 0;
  Stamp swept_ = 0;
  Stamp cleaned_ = 0;
};

}  // namespace gatepost::app
