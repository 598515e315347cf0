// SPDX-License-Identifier: Apache-2.0
// state: what the owner said while the service ran, in state.db: a few words, each until a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/stamp.h"
#include "base/task.h"
#include "state/state_store.h"

namespace gatepost::state {

class OwnerStore {
 public:
  enum class Kind : std::uint8_t {
    Allow,   ///< A network.
    Expect,  ///< screen::Expected::Scope::key()
  };
  struct Row {
    std::string word;
    Stamp until = 0;
  };

  /// `state` outlives it.
  explicit OwnerStore(StateStore& state) : state_(state) {}

  /// At most `most`, as they were added.
  Task<Result<std::vector<Row>>> load(Kind kind, std::uint32_t most);
  /// One that is there gets the new time.
  void keep(Kind kind, std::string word, Stamp until);
  void forget(Kind kind, std::string word);

 private:
  StateStore& state_;
};

}  // namespace gatepost::state
