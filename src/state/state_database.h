// SPDX-License-Identifier: Apache-2.0
// state: what may be lost, in one file, on the thread that has it to itself.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/stamp.h"
#include "storage/database.h"
#include "storage/files.h"

namespace gatepost::state {

using storage::Statement;

/// state.db in the folder of state. Whatever becomes of that file, there is a database: one that
/// is damaged, or of a later version, is set aside and made anew; while the disk is full or
/// fails, a small one in memory takes its place, which forgets everything when it is full. One
/// thread at a time; every call may block.
///
/// Stores stand on it, each with tables of its own; the steps that make all tables are in
/// state_schema.h.
class StateDatabase {
 public:
  /// `files` outlives it. Nothing is opened yet.
  StateDatabase(storage::Files& files, std::string folder)
      : files_(files), folder_(std::move(folder)) {}

  /// The statement, prepared once for each database. `sql` lives as long as the program. Reset
  /// and ready for binding; the pointer counts until the next job. A caller that steps through
  /// rows resets it when it is done.
  Result<Statement*> prepared(std::string_view sql);
  /// Rows changed since the database was opened.
  [[nodiscard]] std::int64_t changes() const { return database_ ? database_->changes() : 0; }
  /// The wall clock when the file was last written, in seconds since 1970, by this or an earlier
  /// run; 0: never.
  [[nodiscard]] Stamp last_written() const { return last_written_; }
  [[nodiscard]] bool in_memory() const { return in_memory_; }
  /// As last_written() was when the file was taken into use: its own commits do not move it, so
  /// that what runs since then can be added.
  [[nodiscard]] Stamp base() const { return base_; }
  /// Another number than before: it is another database, and what was known of the rows is not.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  /// There is a transaction, with changes or without.
  [[nodiscard]] bool has_open() const { return open_; }

  // What follows is for StateStore.

  /// Before each job: opens what is not open, and the transaction changes go into.
  void prepare_for_job();
  /// True when the job that failed so shall be called once more, on another database.
  bool recover(const Error& error);
  /// Somebody may have ended what kept us from writing: the next job looks, without waiting.
  void try_again() { is_kept_out_ = false; }
  /// Writes what changed; `now` as last_written(). Of an error the files were seen to already.
  Result<void> commit(Stamp now);
  /// In memory: looks whether the file can be used again.
  void come_back();
  /// commit(), and the file is closed for good.
  void close(Stamp now);
  /// For the log; told once.
  std::vector<std::string> take_problems() { return std::exchange(problems_, {}); }

 private:
  struct Prepared {
    std::string_view sql;
    Statement statement;
  };

  Result<storage::Database> open_file();
  Result<storage::Database> open_or_renew();
  Result<void> renew();
  void use(storage::Database database, bool in_memory);
  void use_memory(const Error& reason);
  void drop();
  void begin();
  void tell(std::string line);

  storage::Files& files_;
  const std::string folder_;
  std::optional<storage::Database> database_;
  std::deque<Prepared> statements_;  // Stay where they are; go before the connection does.
  std::vector<std::string> problems_;
  Stamp last_written_ = 0;
  Stamp base_ = 0;
  std::int64_t changes_ = 0;  ///< Of the connection, when the transaction began.
  std::uint64_t generation_ = 0;
  bool in_memory_ = false;
  bool open_ = false;
  bool is_kept_out_ = false;  ///< Another program writes; until try_again().
  bool is_patient_ = true;    ///< Waits for such a one.
  bool closed_ = false;
};

}  // namespace gatepost::state
