// SPDX-License-Identifier: Apache-2.0
// app: the networks that SPF records of chosen domains name, kept fresh while the service runs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/dns.h"
#include "base/result.h"
#include "base/task.h"
#include "config/settings.h"
#include "net/deadlines.h"
#include "net/task_group.h"
#include "server/directory.h"
#include "server/floor.h"
#include "spf/allowlist.h"
#include "storage/clerk.h"

namespace gatepost::app {

/// Two lists, of spf_allowlist_domains and of spf_blocklist_domains, each with its file in
/// state_directory, which is a cidr table of Postfix as well. Domains are walked one after the
/// other, when their time has come. All calls from the loop's thread.
class SpfKeeper final : public server::Networks, private net::Waiter {
 public:
  struct Parts {
    Dns& dns;
    server::Floor& floor;
    storage::Clerk& clerk;
    net::TaskGroup& tasks;
  };
  /// What `parts` refer to outlives the keeper.
  explicit SpfKeeper(const Parts& parts);

  /// Takes over what the files have, and begins to walk. Reads files: for the start.
  void open(const config::Settings& settings);
  /// New settings are in force.
  void configure(const config::Settings& settings);
  /// No more walks; the one under way ends with its next answer.
  void stop();

  [[nodiscard]] bool allows(const IpAddress& client) const override {
    return lists_[0].list.contains(client);
  }
  [[nodiscard]] bool blocks(const IpAddress& client) const {
    return lists_[1].list.contains(client);
  }

  /// The verb `spf`: "list", "refresh", "why ADDRESS", "walk [format=cidr] [action=reject] DOMAIN ...".
  Task<Result<std::string>> perform(std::vector<std::string> words, bool json);

 private:
  struct Kept {
    std::string_view action;
    std::string_view file_name;
    std::string path;
    spf::Allowlist list;
    bool changed = false;  ///< Since the file was written.
    /// The number of the state that the file has; held while it is written.
    std::shared_ptr<storage::Guarded<std::uint64_t>> written;
    std::uint64_t state = 0;
  };

  void time_is_up() override;
  void set_up(const config::Settings& settings);
  void wake();
  void wait();
  void keep(Kept& kept);
  [[nodiscard]] Kept* find_due();
  Task<void> walk_due();
  Task<Result<std::string>> walk(std::vector<std::string> words, bool json);
  [[nodiscard]] std::string list(bool json) const;
  [[nodiscard]] Result<std::string> why(const std::string& word, bool json) const;

  Dns& dns_;
  server::Floor& floor_;
  storage::Clerk& clerk_;
  net::TaskGroup& tasks_;
  std::array<Kept, 2> lists_;
  spf::WalkLimits limits_;
  std::optional<net::Deadlines::Ticket> again_;
  bool walking_ = false;
  bool stopped_ = false;
};

}  // namespace gatepost::app
