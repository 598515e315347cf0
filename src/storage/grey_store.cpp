// SPDX-License-Identifier: Apache-2.0
// storage: the rows of greylisting in state.db.
#include "storage/grey_store.h"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "storage/guesses.h"

namespace gatepost::storage {
namespace {

using greylist::Client;
using greylist::Judgement;
using greylist::Known;
using greylist::Reason;
using greylist::Rules;
using greylist::Triplet;

/// 20 MB on the disk. A flood from networks without number ends here; it is over, and its rows
/// are gone, when the retry window is.
constexpr std::uint64_t kMostRows = 200'000;
/// What a flood that waits cannot take from those who passed.
constexpr std::uint64_t kKeptPassed = kMostRows / 2;
constexpr std::int64_t kRoom = 1000;
/// Looking for room costs a walk through all rows.
constexpr std::int64_t kLookAgain = 60;
constexpr std::int64_t kSweepEvery = 3600;
/// Rows a step: a tenth of a millisecond.
constexpr std::int64_t kSweepRows = 200;
constexpr std::size_t kMostText = 1024;

// What is known of client and triplet, in one go: each statement more costs as much as all of it.
constexpr std::string_view kFacts =
    "SELECT awl.count, awl.last, (SELECT max(until) FROM trapped WHERE net IN (?5, ?6)), "
    "trap.learned, grey.first, grey.last, grey.passed "
    "FROM (SELECT 1) LEFT JOIN awl ON awl.client = ?1 "
    "LEFT JOIN trap ON trap.address = ?4 "
    "LEFT JOIN grey ON grey.net = ?2 AND grey.passed IN (0, 1) AND grey.sender = ?3 AND "
    "grey.recipient = ?4";
constexpr std::string_view kFind =
    "SELECT 1 FROM grey WHERE net = ?1 AND passed IN (0, 1) AND sender = ?2 AND recipient = ?3";
constexpr std::string_view kWaiting =
    "SELECT count(DISTINCT iif(last > ?3, sender, NULL)), sum(last > ?3), count(*) FROM "
    "(SELECT sender, last FROM grey WHERE net = ?1 AND passed = 0 LIMIT ?2)";
constexpr std::string_view kPut = "INSERT OR REPLACE INTO grey VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
constexpr std::string_view kTake =
    "DELETE FROM grey WHERE net = ?1 AND passed = ?2 AND sender = ?3 AND recipient = ?4";
constexpr std::string_view kPutClient = "INSERT OR REPLACE INTO awl VALUES(?1, ?2, ?3)";
constexpr std::string_view kPutTrapped = "INSERT OR REPLACE INTO trapped VALUES(?1, ?2)";
constexpr std::string_view kCount = "SELECT count(*) FROM grey";
constexpr std::string_view kCountGuesses = "SELECT count(*) FROM guess";

Result<void> put_trapped(StateDatabase& state, std::string_view net, Stamp until) {
  GP_TRY(Statement * put, state.prepared(kPutTrapped));
  put->bind(1, net);
  put->bind(2, until);
  return put->perform();
}

std::uint32_t count_of(std::optional<std::int64_t> number) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(number.value_or(0), 0, UINT32_MAX));
}

/// `exists`: mail for the recipient is accepted, so that it is no trap that was learned.
Result<Known> known_of(StateDatabase& state, const greylist::Key& key, bool exists) {
  Known out;
  GP_TRY(Statement * facts, state.prepared(kFacts));
  facts->bind(1, key.client);
  facts->bind(2, key.net);
  facts->bind(3, key.sender);
  facts->bind(4, key.recipient);
  facts->bind(5, key.trap_net);
  facts->bind(6, key.host);
  GP_TRY(const bool row, facts->step());
  if (row) {
    if (const auto count = facts->number(0)) {
      out.client = Client{count_of(count), facts->number(1).value_or(0)};
    }
    out.trapped_until = facts->number(2);
    const auto learned = facts->number(3);
    out.to_trap = learned && (*learned == 0 || !exists);
    if (const auto first = facts->number(4)) {
      out.triplet =
          Triplet{*first, facts->number(5).value_or(0), facts->number(6).value_or(0) != 0};
    }
  }
  facts->reset();
  return out;
}

Result<bool> has_triplet(StateDatabase& state, const greylist::Key& key) {
  GP_TRY(Statement * find, state.prepared(kFind));
  find->bind(1, key.net);
  find->bind(2, key.sender);
  find->bind(3, key.recipient);
  GP_TRY(const bool row, find->step());
  find->reset();
  return row;
}

Result<std::uint64_t> count_rows(StateDatabase& state, std::string_view sql) {
  GP_TRY(Statement * count, state.prepared(sql));
  GP_TRY(const bool row, count->step());
  const std::int64_t found = row ? count->number(0).value_or(0) : 0;
  count->reset();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(found, 0));
}

Result<greylist::Waiting> count_waiting(StateDatabase& state, const GreyStore::Question& question) {
  GP_TRY(Statement * waiting, state.prepared(kWaiting));
  waiting->bind(1, question.key.net);
  waiting->bind(2, std::int64_t{question.rules.throttle} * greylist::kMostWaiting);
  waiting->bind(3, question.now - greylist::fresh_time(question.rules));
  GP_TRY(const bool row, waiting->step());
  greylist::Waiting out;
  if (row) {
    out = {count_of(waiting->number(0)), count_of(waiting->number(1)),
           count_of(waiting->number(2))};
  }
  waiting->reset();
  return out;
}

/// Mail of the client's network, or of who it is, has passed.
Result<bool> is_known(StateDatabase& state, const greylist::Key& key) {
  GP_TRY(const bool known, is_known_sender(state, key.net));
  return known ? known : is_known_sender(state, key.trap_net);
}

/// In the place of `known`, which may be another row.
Result<void> put_triplet(StateDatabase& state,
                         const greylist::Key& key,
                         const Triplet& triplet,
                         const std::optional<Triplet>& known = std::nullopt) {
  if (known && known->passed != triplet.passed) {
    GP_TRY(Statement * take, state.prepared(kTake));
    take->bind(1, key.net);
    take->bind(2, std::int64_t{known->passed});
    take->bind(3, key.sender);
    take->bind(4, key.recipient);
    GP_CHECK(take->perform());
  }
  GP_TRY(Statement * put, state.prepared(kPut));
  put->bind(1, key.net);
  put->bind(2, key.sender);
  put->bind(3, key.recipient);
  put->bind(4, triplet.first);
  put->bind(5, triplet.last);
  put->bind(6, std::int64_t{triplet.passed});
  return put->perform();
}

Result<void> put_client(StateDatabase& state, std::string_view client, const Client& seen) {
  GP_TRY(Statement * put, state.prepared(kPutClient));
  put->bind(1, client);
  put->bind(2, std::int64_t{seen.count});
  put->bind(3, seen.last);
  return put->perform();
}

std::string text_of(Statement& row, int column) {
  return std::string(row.text(column, kMostText).value_or(std::string_view()));
}

/// Parameters 1 to 4 of `... WHERE ?4 OR net = ?1 OR sender = ?2 OR recipient = ?3`.
void bind_filter(Statement& statement, const GreyStore::Filter& filter) {
  // What is not asked for is bound as NULL, which nothing is equal to: the null sender is empty.
  if (!filter.net.empty()) statement.bind(1, filter.net);
  if (!filter.sender.empty()) statement.bind(2, filter.sender);
  if (!filter.recipient.empty()) statement.bind(3, filter.recipient);
  statement.bind(4, std::int64_t{filter.is_all()});
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
  GP_TRY(std::uint64_t * rows, counted(state, count_, kCount));
  if (!known.triplet) {
    if (*rows >= kMostRows) GP_CHECK(make_room(state, question.now));
    known.full = *rows >= kMostRows;
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
    GP_CHECK(storage::note_existing(state, learning.address, question.now, *rows));
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
    GP_CHECK(storage::note_existing(state, address, now, *rows));
    return true;
  });
}

Task<Result<std::vector<GreyStore::Row>>> GreyStore::list(Filter filter, std::size_t most) {
  return state_.run([filter = std::move(filter),
                     most](StateDatabase& state) -> Result<std::vector<Row>> {
    GP_TRY(Statement * rows,
           state.prepared("SELECT net, sender, recipient, first, last, passed FROM grey WHERE ?4 "
                          "OR net = ?1 OR sender = ?2 OR recipient = ?3 "
                          "ORDER BY last DESC, net, sender, recipient LIMIT ?5"));
    bind_filter(*rows, filter);
    rows->bind(5, static_cast<std::int64_t>(most));
    std::vector<Row> out;
    for (;;) {
      GP_TRY(const bool more, rows->step());
      if (!more) break;
      out.push_back({text_of(*rows, 0),
                     text_of(*rows, 1),
                     text_of(*rows, 2),
                     {rows->number(3).value_or(0), rows->number(4).value_or(0),
                      rows->number(5).value_or(0) != 0}});
    }
    rows->reset();
    return out;
  });
}

Task<Result<std::uint64_t>> GreyStore::pass(Filter filter, Stamp now) {
  return state_.run(
      [filter = std::move(filter), now](StateDatabase& state) -> Result<std::uint64_t> {
        const std::int64_t before = state.changes();
        GP_TRY(Statement * pass,
               state.prepared("UPDATE grey SET passed = 1, last = ?5 WHERE passed = 0 AND (?4 OR "
                              "net = ?1 OR sender = ?2 OR recipient = ?3)"));
        bind_filter(*pass, filter);
        pass->bind(5, now);
        GP_CHECK(pass->perform());
        return static_cast<std::uint64_t>(state.changes() - before);
      });
}

Task<Result<std::uint64_t>> GreyStore::forget(Filter filter) {
  return state_.run([this,
                     filter = std::move(filter)](StateDatabase& state) -> Result<std::uint64_t> {
    const std::int64_t before = state.changes();
    GP_TRY(Statement * forget,
           state.prepared("DELETE FROM grey WHERE ?4 OR net = ?1 OR sender = ?2 OR "
                          "recipient = ?3"));
    bind_filter(*forget, filter);
    GP_CHECK(forget->perform());
    GP_TRY(Statement * client, state.prepared("DELETE FROM awl WHERE ?2 OR client = ?1"));
    if (!filter.client.empty()) client->bind(1, filter.client);
    client->bind(2, std::int64_t{filter.is_all()});
    GP_CHECK(client->perform());
    GP_TRY(Statement * trapped, state.prepared("DELETE FROM trapped WHERE ?2 OR net IN (?1, ?3)"));
    if (!filter.net.empty()) trapped->bind(1, filter.net);
    trapped->bind(2, std::int64_t{filter.is_all()});
    if (!filter.client.empty()) trapped->bind(3, filter.client);
    GP_CHECK(trapped->perform());
    count_.generation = 0;
    return static_cast<std::uint64_t>(state.changes() - before);
  });
}

Task<Result<std::vector<GreyStore::Allowed>>> GreyStore::clients(Filter filter, std::size_t most) {
  return state_.run([filter = std::move(filter),
                     most](StateDatabase& state) -> Result<std::vector<Allowed>> {
    GP_TRY(Statement * rows, state.prepared("SELECT client, count, last FROM awl WHERE ?2 OR "
                                            "client = ?1 ORDER BY last DESC, client LIMIT ?3"));
    if (!filter.client.empty()) rows->bind(1, filter.client);
    rows->bind(2, std::int64_t{filter.is_all()});
    rows->bind(3, static_cast<std::int64_t>(most));
    std::vector<Allowed> out;
    for (;;) {
      GP_TRY(const bool more, rows->step());
      if (!more) break;
      out.push_back({text_of(*rows, 0), {count_of(rows->number(1)), rows->number(2).value_or(0)}});
    }
    rows->reset();
    return out;
  });
}

Task<Result<std::vector<GreyStore::Trapped>>> GreyStore::trapped(Filter filter,
                                                                 Stamp now,
                                                                 std::size_t most) {
  return state_.run([filter = std::move(filter), now,
                     most](StateDatabase& state) -> Result<std::vector<Trapped>> {
    GP_TRY(Statement * rows,
           state.prepared("SELECT net, until FROM trapped WHERE net IN (?1, ?2) AND until > ?3 "
                          "LIMIT ?4"));
    rows->bind(1, filter.net);
    rows->bind(2, filter.client);
    rows->bind(3, now);
    rows->bind(4, static_cast<std::int64_t>(most));
    std::vector<Trapped> out;
    for (;;) {
      GP_TRY(const bool more, rows->step());
      if (!more) break;
      out.push_back({text_of(*rows, 0), rows->number(1).value_or(0)});
    }
    rows->reset();
    return out;
  });
}

Task<Result<GreyStore::Stats>> GreyStore::stats(Rules rules, Stamp now) {
  return state_.run([rules, now](StateDatabase& state) -> Result<Stats> {
    Stats out;
    GP_TRY(const auto rows, count_rows(state, kCount));
    GP_TRY(out.waiting, count_rows(state, "SELECT count(*) FROM grey WHERE passed = 0"));
    out.passed = rows - std::min(rows, out.waiting);
    GP_TRY(out.clients, count_rows(state, "SELECT count(*) FROM awl"));
    GP_TRY(out.traps, count_rows(state, "SELECT count(*) FROM trap"));
    GP_TRY(Statement * allowed, state.prepared("SELECT count(*) FROM awl WHERE count >= ?1"));
    allowed->bind(1, std::int64_t{rules.allow_after});
    GP_TRY(bool row, allowed->step());
    if (row && rules.allow_after > 0) out.allowed = count_of(allowed->number(0));
    allowed->reset();
    GP_TRY(Statement * trapped,
           state.prepared("SELECT count(*) FROM trapped WHERE until > ?1 AND until <= ?2"));
    trapped->bind(1, now);
    trapped->bind(2, now + rules.trap_time);
    GP_TRY(row, trapped->step());
    if (row) out.trapped = count_of(trapped->number(0));
    trapped->reset();
    return out;
  });
}

Task<Result<bool>> GreyStore::add_trap(std::string address, Stamp now, bool learned) {
  return state_.run([this, address = std::move(address), now,
                     learned](StateDatabase& state) -> Result<bool> {
    trapless_ = false;
    const std::int64_t before = state.changes();
    GP_TRY(
        Statement * add,
        state.prepared("INSERT INTO trap VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET learned = 0 "
                       "WHERE learned AND NOT ?3"));
    add->bind(1, address);
    add->bind(2, now);
    add->bind(3, std::int64_t{learned});
    GP_CHECK(add->perform());
    return state.changes() > before;
  });
}

Task<Result<bool>> GreyStore::delete_trap(std::string address) {
  return state_.run([address = std::move(address)](StateDatabase& state) -> Result<bool> {
    const std::int64_t before = state.changes();
    GP_TRY(Statement * erase, state.prepared("DELETE FROM trap WHERE address = ?1"));
    erase->bind(1, address);
    GP_CHECK(erase->perform());
    return state.changes() > before;
  });
}

Task<Result<std::vector<GreyStore::Trap>>> GreyStore::traps(std::size_t most) {
  return state_.run([most](StateDatabase& state) -> Result<std::vector<Trap>> {
    GP_TRY(Statement * rows,
           state.prepared("SELECT address, made, learned FROM trap ORDER BY address LIMIT ?1"));
    rows->bind(1, static_cast<std::int64_t>(most));
    std::vector<Trap> out;
    for (;;) {
      GP_TRY(const bool more, rows->step());
      if (!more) break;
      out.push_back(
          {text_of(*rows, 0), rows->number(1).value_or(0), rows->number(2).value_or(0) != 0});
    }
    rows->reset();
    return out;
  });
}

Task<Result<GreyStore::Import>> GreyStore::import(std::vector<greylist::PostgreyRow> rows,
                                                  Rules rules,
                                                  Stamp now) {
  return state_.run(
      [this, rows = std::move(rows), rules, now](StateDatabase& state) -> Result<Import> {
        Import out;
        GP_TRY(std::uint64_t * known, counted(state, count_, kCount));
        for (const greylist::PostgreyRow& row : rows) {
          const std::int64_t before = state.changes();
          if (row.triplet && *known < kMostRows && !greylist::is_stale(rules, *row.triplet, now)) {
            GP_TRY(const bool mine, has_triplet(state, row.key));
            if (!mine) GP_CHECK(put_triplet(state, row.key, *row.triplet));
          } else if (!row.triplet && now - plausible(row.client.last, now) <= rules.max_age) {
            GP_TRY(Statement * put, state.prepared("INSERT OR IGNORE INTO awl VALUES(?1, ?2, ?3)"));
            put->bind(1, row.key.client);
            put->bind(2, std::int64_t{row.client.count});
            put->bind(3, row.client.last);
            GP_CHECK(put->perform());
          }
          if (state.changes() == before) {
            ++out.left;
          } else if (row.triplet) {
            ++out.triplets;
            ++*known;
          } else {
            ++out.clients;
          }
        }
        return out;
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
  GP_TRY(std::uint64_t * rows, counted(state, count_, kCount));
  *rows -= std::min(*rows, static_cast<std::uint64_t>(state.changes() - before));
  sweep_ = std::move(next);
  if (more) return false;
  sweep_ = {};
  guesses_.generation = 0;
  GP_CHECK(sweep_small(state, rules, now));
  return true;
}

}  // namespace gatepost::storage
