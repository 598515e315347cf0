// SPDX-License-Identifier: Apache-2.0
// state: the rows of screening in state.db: what is remembered of clients.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stamp.h"
#include "base/task.h"
#include "state/maybe_seen.h"
#include "state/state_store.h"

namespace gatepost::state {

/// One row for each client, by its address or network as text. All calls from the loop's thread.
class ScreenStore {
 public:
  struct Row {
    std::string client, record;
    Stamp until = 0;
  };

  /// `state` outlives it.
  explicit ScreenStore(StateStore& state) : state_(state) {}

  /// The record of a client; nothing where there is none, or no database.
  Task<std::optional<std::string>> find(std::string client);
  /// `until`: when the last of its passes ends, for sweep().
  void keep(std::string client, std::string record, Stamp until);
  void forget(std::string client);
  void forget_all();
  /// Counts, and takes out what is too much; once it was called with `begin` also what ended before
  /// `before`, some rows at a time, until there is no more of that.
  void sweep(Stamp before, bool begin);
  /// Whether it should learn() who is here, so that strangers, who are most, are not looked up.
  [[nodiscard]] bool wants_to_learn() const;
  Task<void> learn();
  /// At most `most` rows, those that end last first.
  Task<Result<std::vector<Row>>> list(std::uint32_t most);
  Task<Result<std::uint64_t>> count();
  /// As of the last sweep().
  [[nodiscard]] std::uint64_t known() const { return known_.load(); }

 private:
  void note(std::string_view client);

  StateStore& state_;
  std::optional<MaybeSeen> seen_;       ///< Nothing: it is not known who is here.
  std::optional<MaybeSeen> meanwhile_;  ///< Who came while it learns.
  std::atomic<std::uint64_t> known_{0};
  std::atomic<bool> cleaning_{false};
};

}  // namespace gatepost::state
