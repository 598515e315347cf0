// SPDX-License-Identifier: Apache-2.0
// state: addresses that do not exist and who asked for them, to find those that only guessers do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/stamp.h"
#include "state/state_database.h"

namespace gatepost::state {

/// Rows of all kinds; when they are there nothing more is learned until some are over.
inline constexpr std::uint64_t kMostGuesses = 20'000;

/// As greylist/key.h spells them.
struct Guess {
  std::string address;  ///< Without its extension.
  std::string net;      ///< Of who asked for it; not empty.
  Stamp now = 0;
  std::uint32_t enough = 0;  ///< greylist_trap_learning
};

/// Who asks is somebody whose mail was accepted: it is no guess, and no address to make a trap of.
[[nodiscard]] Result<bool> is_known_sender(StateDatabase& state, std::string_view net);
/// Notes it. True: nobody but guessers asks for it, and enough of them. `rows` counts those of the
/// table.
[[nodiscard]] Result<bool> note_guess(StateDatabase& state,
                                      const Guess& guess,
                                      std::uint64_t& rows);
/// It is somebody's, or was: it is never made a trap, and no learned one any more.
[[nodiscard]] Result<void> note_existing(StateDatabase& state,
                                         std::string_view address,
                                         Stamp now,
                                         std::uint64_t& rows);
/// Guesses that are too old to say anything go.
[[nodiscard]] Result<void> sweep_guesses(StateDatabase& state, Stamp now);

}  // namespace gatepost::state
