// SPDX-License-Identifier: Apache-2.0
// state: the rows of greylisting in state.db.
#include "state/grey_store.h"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "state/grey_rows.h"
#include "state/guesses.h"

namespace gatepost::state {
namespace {

using greylist::Judgement;
using greylist::Known;
using greylist::Reason;
using greylist::Rules;

/// What a flood that waits cannot take from those who passed.
constexpr std::uint64_t kKeptPassed = kMostTriplets / 2;
constexpr std::int64_t kRoom = 1000;
/// Looking for room costs a walk through all rows.
constexpr std::int64_t kLookAgain = 60;
constexpr std::int64_t kSweepEvery = 3600;
/// Rows a step: a tenth of a millisecond.
constexpr std::int64_t kSweepRows = 200;
constexpr std::string_view kCountGuesses = "SELECT count(*) FROM guess";

/// Mail of the client's network, or of who it is, has passed.
Result<bool> is_known(StateDatabase& state, const greylist::Key& key) {
  GP_TRY(const bool known, is_known_sender(state, key.net));
  return known ? known : is_known_sender(state, key.trap_net);
}

/// The tables that are short.
Result<void> sweep_small(StateDatabase& state, const Rules& rules, Stamp now) {
  GP_CHECK(sweep_guesses(state, now));
  GP_TRY(Statement * mend_clients,
         state.prepared("UPDATE awl SET last = ?1 WHERE last > ?1 OR last < ?2"));
  mend_clients->bind(1, now);
  mend_clients->bind(2, kEarliest);
  GP_CHECK(mend_clients->perform());
  GP_TRY(Statement * clients, state.prepared("DELETE FROM awl WHERE last < ?1"));
  clients->bind(1, now - rules.max_age);
  GP_CHECK(clients->perform());
  GP_TRY(Statement * trapped,
         state.prepared("DELETE FROM trapped WHERE until <= ?1 OR until > ?2"));
  trapped->bind(1, now);
  trapped->bind(2, now + rules.trap_time);
  return trapped->perform();
}

}  // namespace

Result<std::uint64_t*> GreyStore::counted(StateDatabase& state,
                                          Count& count,
                                          std::string_view sql) {
  if (count.generation != state.generation()) {
    GP_TRY(count.rows, count_rows(state, sql));
    count.generation = state.generation();
  }
  return &count.rows;
}

Result<void> GreyStore::trap(StateDatabase& state, const Question& question) {
  trapless_ = false;
  // Many may send from a network: one of them who writes to a trap shall not stop mail that came
  // before.
  const greylist::Key& key = question.key;
  GP_TRY(const bool known, is_known(state, key));
  return put_trapped(state, known ? key.host : key.trap_net,
                     question.now + question.rules.trap_time);
}

Result<Judgement> GreyStore::judge_trap(StateDatabase& state,
                                        const Question& question,
                                        const Known& known) {
  Judgement out = greylist::judge(question.rules, known, question.now);
  if (out.reason == Reason::Trapped) {
    if (out.caught) GP_CHECK(trap(state, question));
    return out;
  }
  GP_TRY(const auto any,
         count_rows(state, "SELECT EXISTS(SELECT 1 FROM trap) OR EXISTS(SELECT 1 FROM trapped)"));
  if (any == 0) trapless_ = true;
  Judgement passes;
  passes.reason = Reason::Found;
  return passes;
}

Result<void> GreyStore::make_room(StateDatabase& state, Stamp now) {
  full_ = true;
  if (now >= barren_ && now - barren_ < kLookAgain) return {};
  const std::int64_t before = state.changes();
  GP_TRY(Statement * erase,
         state.prepared(
             "DELETE FROM grey WHERE (net, passed, sender, recipient) IN (SELECT net, passed, "
             "sender, recipient FROM grey WHERE passed = 1 ORDER BY last LIMIT min(?1, max(0, "
             "(SELECT sum(passed) FROM grey) - ?2)))"));
  erase->bind(1, kRoom);
  erase->bind(2, static_cast<std::int64_t>(kKeptPassed));
  GP_CHECK(erase->perform());
  const auto erased = static_cast<std::uint64_t>(state.changes() - before);
  count_.rows -= std::min(count_.rows, erased);
  barren_ = erased == 0 ? now : 0;
  return {};
}

Result<Judgement> GreyStore::judge_in(StateDatabase& state, const Question& question) {
  const greylist::Key& key = question.key;
  const Rules& rules = question.rules;
  GP_TRY(Known known, known_of(state, key, true));
  if (question.traps_only) return judge_trap(state, question, known);
  GP_TRY(std::uint64_t * rows, counted(state, count_, kCountTriplets));
  if (!known.triplet) {
    if (*rows >= kMostTriplets) GP_CHECK(make_room(state, question.now));
    known.full = *rows >= kMostTriplets;
    if (rules.throttle > 0) {
      GP_TRY(known.waiting, count_waiting(state, question));
      if (known.waiting.senders >= rules.throttle) {
        GP_TRY(known.proven_net, is_known_sender(state, key.net));
      }
    }
  }
  Judgement out = greylist::judge(rules, known, question.now);
  if (out.keep) {
    GP_CHECK(put_triplet(state, key, *out.keep, known.triplet));
    if (!known.triplet) ++*rows;
  }
  if (out.keep_client) GP_CHECK(put_client(state, key.client, *out.keep_client));
  if (out.caught) GP_CHECK(trap(state, question));
  triplets_.store(*rows);
  return out;
}

Task<Result<Judgement>> GreyStore::judge(Question question) {
  return state_.run([this, question = std::move(question)](StateDatabase& state) {
    return judge_in(state, question);
  });
}

Result<bool> GreyStore::learn(StateDatabase& state,
                              const Question& question,
                              const Learning& learning,
                              bool allowed) {
  GP_TRY(std::uint64_t * rows, counted(state, guesses_, kCountGuesses));
  GP_TRY(const bool known, is_known(state, question.key));
  if (allowed || known) {
    GP_CHECK(state::note_existing(state, learning.address, question.now, *rows));
    return false;
  }
  const Guess guess{learning.address, question.key.trap_net, question.now, learning.enough};
  return note_guess(state, guess, *rows);
}

Task<Result<GreyStore::Refused>> GreyStore::catch_refused(Question question,
                                                          bool sure,
                                                          Learning learning) {
  return state_.run([this, question = std::move(question), sure,
                     learning = std::move(learning)](StateDatabase& state) -> Result<Refused> {
    GP_TRY(Known known, known_of(state, question.key, false));
    known.to_trap = known.to_trap || sure;
    const Judgement judged = greylist::judge(question.rules, known, question.now);
    if (judged.caught) {
      GP_CHECK(trap(state, question));
      return Refused::Caught;
    }
    if (learning.enough == 0 || known.to_trap) return Refused::Nothing;
    GP_TRY(const bool ripe, learn(state, question, learning, judged.reason == Reason::Allowed));
    return ripe ? Refused::Ripe : Refused::Nothing;
  });
}

void GreyStore::note_existing(std::string address, Stamp now) {
  state_.leave([this, address = std::move(address), now](StateDatabase& state) -> Result<bool> {
    GP_TRY(std::uint64_t * rows, counted(state, guesses_, kCountGuesses));
    GP_CHECK(state::note_existing(state, address, now, *rows));
    return true;
  });
}

void GreyStore::tick(const Rules& rules, Stamp now) {
  if (!is_sane(now)) return;
  const bool begin = now < swept_ || now - swept_ >= kSweepEvery;
  if (begin) swept_ = now;
  if (!begin && !sweeping_.load()) return;
  sweeping_ = true;
  state_.leave([this, rules, now](StateDatabase& state) -> Result<bool> {
    auto over = sweep(state, rules, now);
    sweeping_ = over && !*over;
    return over;
  });
}

Result<bool> GreyStore::sweep(StateDatabase& state, const Rules& rules, Stamp now) {
  // The end of this step: the row so many further on, or the end of all; an octet string comes
  // after every text.
  GP_TRY(Statement * end,
         state.prepared("SELECT net, passed, sender, recipient FROM grey WHERE (net, passed, "
                        "sender, recipient) > (?1, ?2, ?3, ?4) ORDER BY net, passed, sender, "
                        "recipient LIMIT 1 OFFSET ?5"));
  const auto bind_row = [](Statement& statement, int first, const Sweep& row) {
    statement.bind(first, row.net);
    statement.bind(first + 1, row.passed);
    statement.bind(first + 2, row.sender);
    statement.bind(first + 3, row.recipient);
  };
  bind_row(*end, 1, sweep_);
  end->bind(5, kSweepRows - 1);
  GP_TRY(const bool more, end->step());
  Sweep next;
  if (more) {
    next = {text_of(*end, 0), end->number(1).value_or(0), text_of(*end, 2), text_of(*end, 3)};
  }
  end->reset();
  const auto range = [&](std::string_view sql) -> Result<Statement*> {
    GP_TRY(Statement * out, state.prepared(sql));
    bind_row(*out, 1, sweep_);
    bind_row(*out, 5, next);
    if (!more) out->bind_blob(5, "\xff");
    out->bind(9, now);
    out->bind(10, kEarliest);
    return out;
  };
  // Stamps of a clock that was wrong would never grow old, or had done so at once.
  GP_TRY(
      Statement * mend,
      range("UPDATE grey SET last = ?9 WHERE (net, passed, sender, recipient) > (?1, ?2, ?3, ?4) "
            "AND (net, passed, sender, recipient) <= (?5, ?6, ?7, ?8) AND (last > ?9 OR last < "
            "?10)"));
  GP_CHECK(mend->perform());
  const std::int64_t before = state.changes();
  GP_TRY(Statement * erase,
         range("DELETE FROM grey WHERE (net, passed, sender, recipient) > (?1, ?2, ?3, ?4) AND "
               "(net, passed, sender, recipient) <= (?5, ?6, ?7, ?8) AND last >= ?10 AND "
               "last < ?9 - CASE WHEN passed THEN ?11 ELSE ?12 END"));
  erase->bind(11, rules.max_age);
  erase->bind(12, rules.retry_window);
  GP_CHECK(erase->perform());
  GP_TRY(std::uint64_t * rows, counted(state, count_, kCountTriplets));
  *rows -= std::min(*rows, static_cast<std::uint64_t>(state.changes() - before));
  sweep_ = std::move(next);
  if (more) return false;
  sweep_ = {};
  guesses_.generation = 0;
  GP_CHECK(sweep_small(state, rules, now));
  return true;
}

}  // namespace gatepost::state
