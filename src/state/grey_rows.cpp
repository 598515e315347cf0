// SPDX-License-Identifier: Apache-2.0
// state: the tables of greylisting, row by row.
#include "state/grey_rows.h"

#include <algorithm>

namespace gatepost::state {
namespace {

using greylist::Client;
using greylist::Known;
using greylist::Triplet;

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

}  // namespace

Result<void> put_trapped(StateDatabase& state, std::string_view net, Stamp until) {
  GP_TRY(Statement * put, state.prepared(kPutTrapped));
  put->bind(1, net);
  put->bind(2, until);
  return put->perform();
}

std::uint32_t count_of(std::optional<std::int64_t> number) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(number.value_or(0), 0, UINT32_MAX));
}

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

Result<void> put_triplet(StateDatabase& state,
                         const greylist::Key& key,
                         const Triplet& triplet,
                         const std::optional<Triplet>& known) {
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

void bind_filter(Statement& statement, const GreyStore::Filter& filter) {
  // What is not asked for is bound as NULL, which nothing is equal to: the null sender is empty.
  if (!filter.net.empty()) statement.bind(1, filter.net);
  if (!filter.sender.empty()) statement.bind(2, filter.sender);
  if (!filter.recipient.empty()) statement.bind(3, filter.recipient);
  statement.bind(4, std::int64_t{filter.is_all()});
}

}  // namespace gatepost::state
