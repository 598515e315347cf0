// SPDX-License-Identifier: Apache-2.0
// state: the rows of bans in state.db: networks that are kept out, and those that are not to be.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/stamp.h"
#include "base/task.h"
#include "state/state_store.h"

namespace gatepost::state {

/// One row for each network, as text in CIDR form. What is kept is written behind.
class BanStore {
 public:
  struct Row {
    std::string network;
    Stamp begun = 0;
    Stamp until = 0;
    std::uint32_t count = 0;
    bool by_hand = false;
    std::string reason = {};
    bool operator==(const Row&) const = default;
  };
  struct Login {
    std::string network;
    Stamp at = 0;
    bool operator==(const Login&) const = default;
  };
  struct Content {
    std::vector<Row> bans;      ///< Those that end last first; at most kMostRows.
    std::vector<Login> logins;  ///< The latest first; likewise.
  };
  static constexpr std::int64_t kMostRows = 20'000;

  /// `state` outlives it.
  explicit BanStore(StateStore& state) : state_(state) {}

  void keep(Row row);
  void forget(std::string network);
  void keep_login(std::string network, Stamp at);
  /// Takes out logins older than `before`, and what is over kMostRows.
  void sweep(Stamp before);
  Task<Result<Content>> load();

 private:
  StateStore& state_;
};

}  // namespace gatepost::state
