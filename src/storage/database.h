// SPDX-License-Identifier: Apache-2.0
// storage: one SQLite connection: statements, transactions, migrations.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace gatepost::storage {

/// A prepared statement. Values bound are borrowed until the next reset().
class Statement {
 public:
  void bind(int parameter, std::string_view text);
  void bind_blob(int parameter, std::string_view octets);
  void bind(int parameter, std::int64_t number);
  /// True with a row, false at the end. Fails when a value could not be bound (EMSGSIZE when
  /// it is larger than this build of SQLite takes).
  Result<bool> step();
  /// Ready to run again; bindings are forgotten.
  void reset();
  /// One that gives no rows: step() and, whatever came of it, reset().
  Result<void> perform();

  /// Nothing when the column of this row has another type or is longer. Borrowed until the
  /// next step() or reset().
  [[nodiscard]] std::optional<std::string_view> text(int column, std::size_t most);
  [[nodiscard]] std::optional<std::string_view> blob(int column, std::size_t most);
  [[nodiscard]] std::optional<std::int64_t> number(int column);

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int unbound_ = 0;  ///< Why a value could not be bound; 0: all could.
};

/// Who else may have the file open, and what a commit promises.
enum class Sharing : std::uint8_t {
  None,  ///< WAL, synchronous=FULL, no other process: for what must not be lost.
  Open,  ///< WAL, synchronous=NORMAL, `sqlite3` may look in: for what may.
};

/// A connection. Used by one thread at a time.
///
/// Error.system: ENOSPC for a full disk, EUCLEAN for a damaged file, EBUSY when another
/// process has it, EEXIST for a broken constraint, else errno as far as it is known.
class Database {
 public:
  /// Makes the file when there is none. A damaged file may show only later; see check().
  static Result<Database> open(const std::string& path, Sharing sharing = Sharing::None);
  /// One in memory of at most so many pages of 4 KiB; ENOSPC when it is full.
  static Result<Database> open_memory(std::size_t pages);

  /// Runs statements without results.
  Result<void> run(const std::string& sql);
  /// `sql` is one statement.
  Result<Statement> prepare(std::string_view sql);
  /// EUCLEAN unless the whole file is in order.
  Result<void> check();
  /// Runs those of `steps` the file has not seen; step n leads from user_version n to n + 1.
  /// Each is one transaction, so a death midway leaves the file between two steps. A file of
  /// a later version than there are steps is refused (Permanent).
  Result<void> migrate(std::span<const std::string_view> steps);
  [[nodiscard]] bool in_transaction() const;
  /// Whether each statement of an open file waits a moment for another program that writes.
  void set_patience(bool patient);
  /// Rows written, changed and removed by this connection since it was opened.
  [[nodiscard]] std::int64_t changes() const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  explicit Database(sqlite3* connection) : connection_(connection) {}
  static Result<Database> connect(const std::string& path);
  Result<void> use_wal(const std::string& path);
  Result<std::int64_t> version();
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace gatepost::storage
