// SPDX-License-Identifier: Apache-2.0
// app: what the owner says while the service runs: who is let in, and what mail is expected.
#pragma once

#include <string>

#include "app/view.h"
#include "base/result.h"
#include "base/stamp.h"
#include "base/task.h"
#include "control/protocol.h"
#include "screen/expected.h"
#include "screen/let_in.h"
#include "server/floor.h"
#include "state/owner_store.h"
#include "state/state_store.h"

namespace gatepost::app {

/// `gatepost allow` and `gatepost expect`. In memory, where everybody asks, and in state.db. All
/// calls from the loop's thread.
class OwnerWords {
 public:
  /// Both outlive it.
  OwnerWords(state::StateStore& state, const server::Clocks& clocks)
      : state_(state), store_(state), clocks_(clocks) {}

  /// Before the first client.
  Task<void> load();
  /// Once a second or so: what is over goes.
  void tick();
  /// The clock went back by so much: what has an end has it so much earlier.
  void mend(Stamp by);
  /// Writes all down: the file has others, or none.
  void write_anew();

  [[nodiscard]] const screen::LetIn& let_in() const { return let_in_; }
  [[nodiscard]] const screen::Expected& expected() const { return expected_; }

  [[nodiscard]] static bool serves(control::Verb verb);
  /// Carries out one of its verbs; the answer, of lists with its line ends.
  [[nodiscard]] Result<std::string> perform(const control::Request& request, const View& view);

 private:
  using Kind = state::OwnerStore::Kind;

  [[nodiscard]] Stamp now() const;
  Result<std::string> allow(const control::Request& request, const View& view);
  Result<std::string> allow_no_more(const control::Request& request);
  Result<std::string> expect(const control::Request& request, const View& view);
  Result<std::string> expect_no_more(const control::Request& request);
  [[nodiscard]] std::string list_allowed(const View& view) const;
  [[nodiscard]] std::string list_expected(const View& view) const;

  state::StateStore& state_;
  state::OwnerStore store_;
  const server::Clocks& clocks_;
  screen::LetIn let_in_;
  screen::Expected expected_;
};

}  // namespace gatepost::app
