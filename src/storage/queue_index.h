// SPDX-License-Identifier: Apache-2.0
// storage: the rows of the queue.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "queue/item.h"
#include "storage/clerk.h"
#include "storage/database.h"

namespace gatepost::storage {

/// queue.db: one row for each item. All calls block. Those from insert() to totals() may come
/// from any thread; changes that arrive while a commit is under way share the next one. The
/// others are for the time before there are threads.
class QueueIndex {
 public:
  /// A row as found, for comparison with the texts.
  struct Row {
    std::string id;
    std::uint64_t octets = 0;
    bool readable = false;  ///< The record is whole and that of this id.
  };

  /// Opens `path`, brings it to the present schema and checks it. EUCLEAN when it is damaged.
  static Result<std::unique_ptr<QueueIndex>> open(const std::string& path);

  /// Committed and synced when it returns without error. EEXIST when the id is taken.
  Result<void> insert(const queue::Item& item);
  /// Takes the rows of these ids out, in one commit, and counts the ids as removed until forget();
  /// tells how many there were.
  Result<std::size_t> erase(std::span<const std::string> ids);
  /// For removed ids whose texts are gone from the disk.
  Result<void> forget(std::span<const std::string> ids);
  /// Applies `change` to the items of these ids, all in one commit; tells how many there were.
  /// Made from what the row holds then, so that two changes at once are both kept.
  Result<std::size_t> update(std::span<const std::string> ids, const queue::Change& change);
  /// Moves a row whose text is gone to the table `lost`, for a person to look at.
  Result<void> set_aside(const std::string& id);
  /// set_aside() and insert() of the item with that id, in one.
  Result<void> replace(const queue::Item& item);
  /// Oldest first. A row that cannot be read is left out.
  Result<std::vector<queue::Item>> list(std::size_t most);
  /// Those that are not on hold and may be tried at `now`; who may longest first.
  Result<std::vector<queue::Item>> due(Moment now, std::size_t most);
  /// Nothing when there is no such item.
  Result<std::optional<queue::Item>> find(const std::string& id);
  Result<std::vector<Row>> rows();
  /// Ids that were erased and not forgotten.
  Result<std::vector<std::string>> removed();
  [[nodiscard]] queue::Totals totals();

  /// False until set_complete(): the rows may lack items whose texts are there.
  Result<bool> is_complete();
  Result<void> set_complete();

 private:
  enum class Kind : std::uint8_t {
    Insert,
    Erase,
    Forget,
    SetAside,
    Replace,
    Update,
    List,
    Due,
    Find,
    Rows,
    Removed
  };
  struct Work {
    Work(Kind a_kind, std::string_view an_id) : kind(a_kind), id(an_id) {}
    Kind kind;
    std::string_view id;
    const queue::Item* item = nullptr;
    std::span<const std::string> ids;
    const queue::Change* change = nullptr;
    Moment now{};
    std::size_t changed = 0;
    std::string record;
    std::uint64_t items_more = 0;  ///< What the change does to the totals.
    std::uint64_t octets_more = 0;
    std::size_t most = 0;
    std::vector<queue::Item> items;
    std::vector<Row> rows;
    std::vector<std::string> removed;
    Result<void> result;
  };

  explicit QueueIndex(Database database) : database_(std::move(database)) {}
  Result<void> prepare();
  Result<void> count();
  Moment oldest();
  void round(std::span<Work* const> works);
  Result<void> change(std::span<Work* const> works);
  Result<void> apply(Work& work);
  Result<void> run(Work& work);
  Result<void> put(Kind kind, const queue::Item& item);
  Result<void> insert_row(Work& work);
  Result<void> erase_row(std::string_view id, Work& work);
  Result<void> update_row(const std::string& id, Work& work);
  Result<void> read(Work& work);
  static Result<void> read_items(Statement& statement, Work& work);
  Result<void> read_rows(Work& work);
  Result<void> read_removed(Work& work);

  Database database_;
  std::unique_ptr<Statement> begin_, commit_, rollback_;
  std::unique_ptr<Statement> insert_, erase_, lose_, update_;
  std::unique_ptr<Statement> mark_, forget_, removed_;
  std::unique_ptr<Statement> list_, due_, find_, rows_, count_, oldest_;
  Rounds<Work> rounds_;
  Guarded<queue::Totals> totals_;
};

/// The schema, step by step; see Database::migrate().
[[nodiscard]] std::span<const std::string_view> queue_schema();

}  // namespace gatepost::storage
