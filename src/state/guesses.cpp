// SPDX-License-Identifier: Apache-2.0
// state: addresses that do not exist and who asked for them, to find those that only guessers do.
#include "state/guesses.h"

namespace gatepost::state {
namespace {

constexpr Stamp kDay = 86'400;
constexpr Stamp kGuessAge = 30 * kDay;
/// Who asked for so many that do not exist guesses; others mistyped one, or wrote to somebody who
/// has left.
constexpr std::int64_t kGuesser = 3;
/// Of one network; more say nothing new.
constexpr std::int64_t kMostOfNet = 100;

/// With its first parameter bound.
Result<Statement*> about(StateDatabase& state, std::string_view sql, std::string_view text) {
  GP_TRY(Statement * out, state.prepared(sql));
  out->bind(1, text);
  return out;
}

Result<bool> has_row(Statement& find) {
  GP_TRY(const bool row, find.step());
  find.reset();
  return row;
}

Result<std::uint64_t> changed_by(StateDatabase& state, Statement& change) {
  const std::int64_t before = state.changes();
  GP_CHECK(change.perform());
  return static_cast<std::uint64_t>(state.changes() - before);
}

Result<bool> is_exempt(StateDatabase& state, std::string_view address) {
  GP_TRY(Statement * find,
         about(state, "SELECT 1 FROM guess WHERE address = ?1 AND net = ''", address));
  return has_row(*find);
}

Result<void> add(StateDatabase& state,
                 std::string_view address,
                 std::string_view net,
                 Stamp now,
                 std::uint64_t& rows) {
  GP_TRY(Statement * put,
         about(state, "INSERT OR IGNORE INTO guess VALUES(?1, ?2, ?3, ?3)", address));
  put->bind(2, net);
  put->bind(3, now);
  GP_TRY(const auto added, changed_by(state, *put));
  rows += added;
  return {};
}

}  // namespace

Result<bool> is_known_sender(StateDatabase& state, std::string_view net) {
  GP_TRY(Statement * find,
         about(state, "SELECT 1 FROM grey WHERE net = ?1 AND passed = 1 LIMIT 1", net));
  return has_row(*find);
}

Result<bool> note_guess(StateDatabase& state, const Guess& guess, std::uint64_t& rows) {
  // What a wrong clock wrote would be old, or young, for ever.
  if (!is_sane(guess.now)) return false;
  GP_TRY(const bool exempt, is_exempt(state, guess.address));
  if (exempt) return false;
  GP_TRY(Statement * again,
         about(state, "UPDATE guess SET last = ?3 WHERE address = ?1 AND net = ?2", guess.address));
  again->bind(2, guess.net);
  again->bind(3, guess.now);
  GP_TRY(const auto known, changed_by(state, *again));
  if (known == 0) {
    GP_TRY(Statement * full,
           about(state, "SELECT 1 FROM guess WHERE net = ?1 LIMIT 1 OFFSET ?2", guess.net));
    full->bind(2, kMostOfNet - 1);
    GP_TRY(const bool much, has_row(*full));
    if (much || rows >= kMostGuesses) return false;
    GP_CHECK(add(state, guess.address, guess.net, guess.now, rows));
  }
  // One network that asked for nothing else is one too many.
  GP_TRY(
      Statement * all,
      about(state,
            "SELECT count(*), min(first), sum((SELECT count(*) FROM (SELECT 1 FROM guess AS other "
            "WHERE other.net = guess.net LIMIT ?2)) = ?2) FROM guess WHERE address = ?1",
            guess.address));
  all->bind(2, kGuesser);
  GP_TRY(const bool row, all->step());
  const std::int64_t nets = row ? all->number(0).value_or(0) : 0;
  const Stamp first = row ? all->number(1).value_or(guess.now) : guess.now;
  const std::int64_t guessers = row ? all->number(2).value_or(0) : 0;
  all->reset();
  return nets >= std::int64_t{guess.enough} && guessers == nets && first <= guess.now - kDay;
}

Result<void> note_existing(StateDatabase& state,
                           std::string_view address,
                           Stamp now,
                           std::uint64_t& rows) {
  GP_TRY(const bool exempt, is_exempt(state, address));
  if (exempt) return {};
  // Who asked for it is a guesser by it all the same.
  GP_TRY(Statement * trap,
         about(state, "DELETE FROM trap WHERE address = ?1 AND learned", address));
  GP_CHECK(trap->perform());
  if (rows < kMostGuesses) GP_CHECK(add(state, address, "", now, rows));
  return {};
}

Result<void> sweep_guesses(StateDatabase& state, Stamp now) {
  GP_TRY(Statement * erase, state.prepared("DELETE FROM guess WHERE net <> '' AND last < ?1"));
  erase->bind(1, now - kGuessAge);
  return erase->perform();
}

}  // namespace gatepost::state
