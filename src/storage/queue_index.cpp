// SPDX-License-Identifier: Apache-2.0
// storage: rows in, rows out, many to a commit.
#include "storage/queue_index.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <optional>

#include "base/format.h"
#include "queue/record.h"

namespace gatepost::storage {
namespace {

// A step is never changed once released; a change of the schema is a further step.
constexpr std::array<std::string_view, 3> kSchema = {
    R"sql(
CREATE TABLE item(
  id TEXT PRIMARY KEY,
  arrived INTEGER NOT NULL,
  octets INTEGER NOT NULL,
  record BLOB NOT NULL
) STRICT;
CREATE INDEX item_by_arrival ON item(arrived, id);
CREATE TABLE lost(
  id TEXT NOT NULL,
  arrived INTEGER NOT NULL,
  octets INTEGER NOT NULL,
  record BLOB NOT NULL
) STRICT;
)sql",
    // Records of version 1 tell of no hold and no next attempt, so zero is what they mean. By way of
    // a copy: ALTER is left out of our SQLite.
    R"sql(
CREATE TABLE copy AS SELECT * FROM item;
DROP TABLE item;
CREATE TABLE item(
  id TEXT PRIMARY KEY,
  arrived INTEGER NOT NULL,
  octets INTEGER NOT NULL,
  record BLOB NOT NULL,
  hold INTEGER NOT NULL,
  next INTEGER NOT NULL
) STRICT;
INSERT INTO item SELECT id, arrived, octets, record, 0, 0 FROM copy;
DROP TABLE copy;
CREATE INDEX item_by_arrival ON item(arrived, id);
CREATE INDEX item_by_next ON item(hold, next, arrived, id);
)sql",
    // Items that are done with, until their texts are gone from the disk for good.
    R"sql(
CREATE TABLE removed(id TEXT PRIMARY KEY) STRICT;
)sql",
};

constexpr std::string_view kInsert =
    "INSERT INTO item(id, arrived, octets, record, hold, next) VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
constexpr std::string_view kDue =
    "SELECT id, arrived, octets, record FROM item WHERE hold = 0 AND next <= ?2 "
    "ORDER BY next, arrived, id LIMIT ?1";

constexpr std::size_t kMostId = 64;
constexpr std::int64_t kComplete = 0x47505131;  // "GPQ1"

std::int64_t micros(Moment moment) {
  return moment.time_since_epoch().count();
}

/// Nothing unless the record is whole and tells of this row.
std::optional<queue::Item> read_item(Statement& row) {
  const auto id = row.text(0, kMostId);
  const auto arrived = row.number(1);
  const auto octets = row.number(2);
  const auto record = row.blob(3, queue::kMostRecord);
  if (!id || !arrived || !octets || !record) return std::nullopt;
  auto item = queue::parse_record(*record);
  if (!item || item->id != *id || micros(item->arrived) != *arrived) return std::nullopt;
  if (*octets < 0 || item->octets != static_cast<std::uint64_t>(*octets)) return std::nullopt;
  return item;
}

Result<void> perform_on(Statement& statement, std::string_view id) {
  statement.bind(1, id);
  return statement.perform();
}

}  // namespace

std::span<const std::string_view> queue_schema() {
  return kSchema;
}

Result<std::unique_ptr<QueueIndex>> QueueIndex::open(const std::string& path) {
  GP_TRY(auto database, Database::open(path));
  GP_CHECK(database.check());
  GP_CHECK(database.migrate(kSchema));
  std::unique_ptr<QueueIndex> index(new QueueIndex(std::move(database)));
  GP_CHECK(index->prepare());
  GP_CHECK(index->count());
  return index;
}

Result<void> QueueIndex::prepare() {
  const std::array<std::pair<std::unique_ptr<Statement>*, std::string_view>, 16> all = {{
      {&begin_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&rollback_, "ROLLBACK"},
      {&insert_, kInsert},
      {&erase_, "DELETE FROM item WHERE id = ?1 RETURNING octets"},
      {&lose_, "INSERT INTO lost SELECT id, arrived, octets, record FROM item WHERE id = ?1"},
      {&mark_, "INSERT OR IGNORE INTO removed VALUES(?1)"},
      {&forget_, "DELETE FROM removed WHERE id = ?1"},
      {&removed_, "SELECT id FROM removed"},
      {&list_, "SELECT id, arrived, octets, record FROM item ORDER BY arrived, id LIMIT ?1"},
      {&update_, "UPDATE item SET record = ?2, hold = ?3, next = ?4 WHERE id = ?1"},
      {&due_, kDue},
      {&find_, "SELECT id, arrived, octets, record FROM item WHERE id = ?1"},
      {&rows_, "SELECT id, arrived, octets, record FROM item"},
      {&count_, "SELECT count(*), coalesce(sum(octets), 0) FROM item"},
      {&oldest_, "SELECT min(arrived) FROM item"},
  }};
  for (const auto& [place, sql] : all) {
    GP_TRY(auto statement, database_.prepare(sql));
    *place = std::make_unique<Statement>(std::move(statement));
  }
  return {};
}

Result<void> QueueIndex::count() {
  auto row = count_->step();
  queue::Totals counted;
  if (row && *row) {
    counted.items = static_cast<std::uint64_t>(count_->number(0).value_or(0));
    counted.octets = static_cast<std::uint64_t>(count_->number(1).value_or(0));
  }
  count_->reset();
  if (!row) return std::move(row).error();
  counted.oldest = oldest();
  totals_.with([&](queue::Totals& totals) { totals = counted; });
  return {};
}

Moment QueueIndex::oldest() {
  auto row = oldest_->step();
  const auto arrived = row && *row ? oldest_->number(0) : std::nullopt;
  oldest_->reset();
  return Moment(std::chrono::microseconds(arrived.value_or(0)));
}

Result<void> QueueIndex::run(Work& work) {
  rounds_.join(work, [this](std::span<Work* const> works) { round(works); });
  return std::move(work.result);
}

Result<void> QueueIndex::put(Kind kind, const queue::Item& item) {
  Work work(kind, item.id);
  work.item = &item;
  work.record = queue::format_record(item);
  // What cannot be read back must not be promised.
  if (!queue::parse_record(work.record)) {
    return Error{Cause::Permanent, "queue item " + item.id + " does not fit a record", EMSGSIZE};
  }
  return run(work);
}

Result<void> QueueIndex::insert(const queue::Item& item) {
  return put(Kind::Insert, item);
}

Result<void> QueueIndex::replace(const queue::Item& item) {
  return put(Kind::Replace, item);
}

Result<std::size_t> QueueIndex::erase(std::span<const std::string> ids) {
  Work work(Kind::Erase, {});
  work.ids = ids;
  GP_CHECK(run(work));
  return work.changed;
}

Result<void> QueueIndex::forget(std::span<const std::string> ids) {
  Work work(Kind::Forget, {});
  work.ids = ids;
  return run(work);
}

Result<void> QueueIndex::set_aside(const std::string& id) {
  Work work(Kind::SetAside, id);
  return run(work);
}

Result<std::vector<queue::Item>> QueueIndex::list(std::size_t most) {
  Work work(Kind::List, {});
  work.most = most;
  GP_CHECK(run(work));
  return std::move(work.items);
}

Result<std::size_t> QueueIndex::update(std::span<const std::string> ids,
                                       const queue::Change& change) {
  Work work(Kind::Update, {});
  work.ids = ids;
  work.change = &change;
  GP_CHECK(run(work));
  return work.changed;
}

Result<std::vector<queue::Item>> QueueIndex::due(Moment now, std::size_t most) {
  Work work(Kind::Due, {});
  work.now = now;
  work.most = most;
  GP_CHECK(run(work));
  return std::move(work.items);
}

Result<std::optional<queue::Item>> QueueIndex::find(const std::string& id) {
  Work work(Kind::Find, id);
  GP_CHECK(run(work));
  if (work.items.empty()) return std::optional<queue::Item>();
  return std::optional<queue::Item>(std::move(work.items.front()));
}

Result<std::vector<QueueIndex::Row>> QueueIndex::rows() {
  Work work(Kind::Rows, {});
  GP_CHECK(run(work));
  return std::move(work.rows);
}

Result<std::vector<std::string>> QueueIndex::removed() {
  Work work(Kind::Removed, {});
  GP_CHECK(run(work));
  return std::move(work.removed);
}

// The mark is the file's application_id: it travels with the file, needs no table, and is
// changed by a transaction like any row.
Result<bool> QueueIndex::is_complete() {
  GP_TRY(auto statement, database_.prepare("PRAGMA application_id"));
  GP_TRY(const bool row, statement.step());
  return row && statement.number(0) == kComplete;
}

Result<void> QueueIndex::set_complete() {
  return database_.run(format("PRAGMA application_id={}", kComplete));
}

queue::Totals QueueIndex::totals() {
  return totals_.with([](const queue::Totals& totals) { return totals; });
}

void QueueIndex::round(std::span<Work* const> works) {
  bool changes = false;
  for (const Work* work : works) changes = changes || work->kind < Kind::List;
  if (changes) {
    const auto done = change(works);
    if (!done) {
      // Nothing was committed: whoever was part of it is told, also those whose own row was
      // in order.
      if (database_.in_transaction()) static_cast<void>(rollback_->perform());
      for (Work* work : works) {
        if (work->kind < Kind::List && work->result) work->result = done.error();
      }
    }
  }
  for (Work* work : works) {
    if (work->kind >= Kind::List) work->result = read(*work);
  }
}

Result<void> QueueIndex::change(std::span<Work* const> works) {
  GP_CHECK(begin_->perform());
  for (Work* work : works) {
    if (work->kind >= Kind::List) continue;
    work->result = apply(*work);
    // A broken constraint is that row's own matter. Anything else (no space, a read error)
    // may have cost the transaction, and a part of it must not be committed.
    if (!work->result && work->result.error().system != EEXIST) return work->result.error();
  }
  GP_CHECK(commit_->perform());
  const Moment first = oldest();
  totals_.with([&](queue::Totals& totals) {
    for (const Work* work : works) {
      totals.items += work->items_more;
      totals.octets += work->octets_more;
    }
    totals.oldest = first;
  });
  return {};
}

Result<void> QueueIndex::apply(Work& work) {
  if (work.kind == Kind::Insert) return insert_row(work);
  if (work.kind == Kind::Update) {
    for (const std::string& id : work.ids) GP_CHECK(update_row(id, work));
    return {};
  }
  if (work.kind == Kind::Erase) {
    for (const std::string& id : work.ids) {
      const std::size_t before = work.changed;
      GP_CHECK(erase_row(id, work));
      if (work.changed > before) GP_CHECK(perform_on(*mark_, id));
    }
    return {};
  }
  if (work.kind == Kind::Forget) {
    for (const std::string& id : work.ids) GP_CHECK(perform_on(*forget_, id));
    return {};
  }
  GP_CHECK(perform_on(*lose_, work.id));
  GP_CHECK(erase_row(work.id, work));
  if (work.kind == Kind::Replace) return insert_row(work);
  return {};
}

Result<void> QueueIndex::erase_row(std::string_view id, Work& work) {
  erase_->bind(1, id);
  auto row = erase_->step();
  if (row && *row) {
    // Added up modulo 2^64, so that taking away is adding.
    work.items_more += ~std::uint64_t{0};
    work.octets_more += ~static_cast<std::uint64_t>(erase_->number(0).value_or(0)) + 1;
    ++work.changed;
    // The row is gone only when the statement has come to its end.
    row = erase_->step();
  }
  erase_->reset();
  if (!row) return std::move(row).error();
  return {};
}

Result<void> QueueIndex::insert_row(Work& work) {
  if (work.item->octets > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return Error{Cause::Bug, "octets out of range", EEXIST};
  }
  insert_->bind(1, work.id);
  insert_->bind(2, micros(work.item->arrived));
  insert_->bind(3, static_cast<std::int64_t>(work.item->octets));
  insert_->bind_blob(4, work.record);
  insert_->bind(5, std::int64_t{work.item->hold});
  insert_->bind(6, micros(work.item->next));
  GP_CHECK(insert_->perform());
  // An id that is used again is no removed one any more.
  GP_CHECK(perform_on(*forget_, work.id));
  work.items_more += 1;
  work.octets_more += work.item->octets;
  return {};
}

Result<void> QueueIndex::update_row(const std::string& id, Work& work) {
  find_->bind(1, id);
  auto row = find_->step();
  auto item = row && *row ? read_item(*find_) : std::nullopt;
  find_->reset();
  if (!row) return std::move(row).error();
  if (!item) return {};
  queue::apply(*work.change, *item);
  std::string record = queue::format_record(*item);
  if (record.size() > queue::kMostRecord) {
    // A thousand long reasons: what happened counts, why can be left out.
    for (queue::Destination& one : item->destinations) one.reason.clear();
    record = queue::format_record(*item);
  }
  update_->bind(1, id);
  update_->bind_blob(2, record);
  update_->bind(3, std::int64_t{item->hold});
  update_->bind(4, micros(item->next));
  GP_CHECK(update_->perform());
  ++work.changed;
  return {};
}

Result<void> QueueIndex::read(Work& work) {
  if (work.kind == Kind::Rows) return read_rows(work);
  if (work.kind == Kind::Removed) return read_removed(work);
  if (work.kind == Kind::Find) {
    find_->bind(1, work.id);
    return read_items(*find_, work);
  }
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
  Statement& statement = work.kind == Kind::Due ? *due_ : *list_;
  statement.bind(1, static_cast<std::int64_t>(std::min(work.most, kMost)));
  if (work.kind == Kind::Due) statement.bind(2, micros(work.now));
  return read_items(statement, work);
}

Result<void> QueueIndex::read_items(Statement& statement, Work& work) {
  auto row = statement.step();
  while (row && *row) {
    auto item = read_item(statement);
    if (item) work.items.push_back(std::move(*item));
    row = statement.step();
  }
  statement.reset();
  if (!row) return std::move(row).error();
  return {};
}

Result<void> QueueIndex::read_rows(Work& work) {
  auto row = rows_->step();
  while (row && *row) {
    Row found;
    const auto id = rows_->text(0, kMostId);
    if (id) found.id = std::string(*id);
    const auto item = read_item(*rows_);
    found.readable = item.has_value();
    if (item) found.octets = item->octets;
    work.rows.push_back(std::move(found));
    row = rows_->step();
  }
  rows_->reset();
  if (!row) return std::move(row).error();
  return {};
}

Result<void> QueueIndex::read_removed(Work& work) {
  auto row = removed_->step();
  while (row && *row) {
    const auto id = removed_->text(0, kMostId);
    if (id) work.removed.emplace_back(*id);
    row = removed_->step();
  }
  removed_->reset();
  if (!row) return std::move(row).error();
  return {};
}

}  // namespace gatepost::storage
