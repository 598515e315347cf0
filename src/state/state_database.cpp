// SPDX-License-Identifier: Apache-2.0
// state: what may be lost, in one file, on the thread that has it to itself.
#include "state/state_database.h"

#include <cerrno>

#include "base/format.h"
#include "state/state_schema.h"
#include "storage/set_aside.h"

namespace gatepost::state {
namespace {

constexpr std::string_view kFile = "state.db";
/// A card that is wearing out shall not fill up with what was set aside.
constexpr int kMostAside = 5;
/// 4 MiB of tables in memory, while there is no file.
constexpr std::size_t kMemoryPages = 1024;
/// The file is not gone back to for room that is gone again with the first rows.
constexpr std::uint64_t kEnoughSpace = 8 * 1024 * 1024;
constexpr std::size_t kMostProblems = 20;

constexpr std::string_view kReadClock = "SELECT written FROM clock WHERE id = 1";
constexpr std::string_view kWriteClock = "INSERT OR REPLACE INTO clock VALUES(1, ?1)";

/// No other file would help: it is the job's own affair, or passes.
bool is_no_fault_of_file(int number) {
  return number == EBUSY || number == EEXIST || number == EMSGSIZE || number == ENOMEM;
}

bool is_unusable(int number) {
  return number == EUCLEAN || number == EPROTO;
}

}  // namespace

Result<Statement*> StateDatabase::prepared(std::string_view sql) {
  if (!database_) return Error{Cause::Temporary, "no database, not even in memory", ENOMEM};
  for (Prepared& each : statements_) {
    if (each.sql.data() != sql.data()) continue;
    each.statement.reset();
    return &each.statement;
  }
  GP_TRY(auto statement, database_->prepare(sql));
  statements_.push_back({sql, std::move(statement)});
  return &statements_.back().statement;
}

void StateDatabase::tell(std::string line) {
  if (problems_.size() < kMostProblems) problems_.push_back(std::move(line));
}

void StateDatabase::drop() {
  statements_.clear();
  database_.reset();
  open_ = false;
}

void StateDatabase::use(storage::Database database, bool in_memory) {
  drop();
  is_kept_out_ = false;
  is_patient_ = true;
  database_.emplace(std::move(database));
  in_memory_ = in_memory;
  ++generation_;
  const auto row = prepared(kReadClock);
  if (!row) return;
  const auto found = (*row)->step();
  const std::int64_t written = found && *found ? (*row)->number(0).value_or(0) : 0;
  (*row)->reset();
  // Not what this run wrote: what ran since then would be counted twice.
  if (written > last_written_) last_written_ = base_ = written;
}

Result<storage::Database> StateDatabase::open_file() {
  GP_TRY(auto database,
         storage::Database::open(folder_ + "/" + std::string(kFile), storage::Sharing::Open));
  GP_CHECK(database.check());
  GP_CHECK(database.migrate(state_schema()));
  return database;
}

Result<void> StateDatabase::renew() {
  GP_TRY(const int number, files_.open_folder(storage::kNoFolder, folder_));
  const storage::Descriptor place(files_, number);
  auto aside = set_aside(files_, number, std::string(kFile), problems_, kMostAside);
  if (!aside && aside.error().system == EEXIST) {
    tell(format("{} is damaged, and removed: {}", kFile, aside.error().detail));
    GP_CHECK(files_.unlink(number, std::string(kFile)));
    static_cast<void>(files_.unlink(number, std::string(kFile) + "-wal"));
    aside = {};
  }
  GP_CHECK(aside);
  // What it says about the log belongs to the file that is gone.
  static_cast<void>(files_.unlink(number, std::string(kFile) + "-shm"));
  return {};
}

Result<storage::Database> StateDatabase::open_or_renew() {
  auto opened = open_file();
  if (opened || !is_unusable(opened.error().system)) return opened;
  tell(format("{}: {}", kFile, opened.error().detail));
  GP_CHECK(renew());
  return open_file();
}

void StateDatabase::use_memory(const Error& reason) {
  if (!in_memory_ || !database_) {
    tell(format("{} cannot be used; what it is for is kept in memory: {}", kFile, reason.detail));
  }
  auto memory = storage::Database::open_memory(kMemoryPages);
  if (memory) {
    if (const auto made = memory->migrate(state_schema()); made) {
      use(*std::move(memory), true);
      return;
    }
  }
  drop();
  in_memory_ = true;
}

void StateDatabase::prepare_for_job() {
  if (closed_) return;
  if (!database_) {
    auto opened = open_or_renew();
    if (opened) {
      use(*std::move(opened), false);
    } else {
      use_memory(opened.error());
    }
  }
  if (database_ && !database_->in_transaction()) begin();
}

// Held until the commit: nobody else writes here. While somebody does, each change of ours is a
// transaction of its own, and fails. That one is waited for once: jobs wait for each other.
void StateDatabase::begin() {
  if (is_kept_out_) return;
  const auto begun = database_->run("BEGIN IMMEDIATE");
  open_ = static_cast<bool>(begun);
  changes_ = database_->changes();
  is_kept_out_ = !begun && begun.error().system == EBUSY;
  if (is_kept_out_ != is_patient_) return;
  is_patient_ = !is_kept_out_;
  database_->set_patience(is_patient_);
  if (is_kept_out_) {
    tell(format("another program is writing to {}: until it ends nothing is kept", kFile));
  }
}

bool StateDatabase::recover(const Error& error) {
  if (closed_ || error.system == 0 || is_no_fault_of_file(error.system)) return false;
  if (is_unusable(error.system)) {
    tell(format("{}: {}", kFile, error.detail));
    const bool was_file = !in_memory_;
    drop();
    if (was_file) {
      if (const auto renewed = renew(); !renewed) use_memory(renewed.error());
    }
  } else {
    use_memory(error);
  }
  prepare_for_job();
  return database_.has_value();
}

Result<void> StateDatabase::commit(Stamp now) {
  if (!database_) return Error{Cause::Temporary, "no database"};
  if (!open_) return {};
  open_ = false;
  if (database_->changes() == changes_) {
    // Nothing to write, and so not the time either.
    static_cast<void>(database_->run("ROLLBACK"));
    return {};
  }
  const auto write = [&]() -> Result<void> {
    GP_TRY(Statement * clock, prepared(kWriteClock));
    clock->bind(1, now);
    GP_CHECK(clock->perform());
    return database_->run("COMMIT");
  };
  const auto done = write();
  if (done) {
    last_written_ = now;
    return {};
  }
  if (database_->in_transaction()) static_cast<void>(database_->run("ROLLBACK"));
  if (!recover(done.error())) tell(format("{}: {}", kFile, done.error().detail));
  return Error{Cause::Temporary, done.error().detail};
}

void StateDatabase::come_back() {
  if (!in_memory_) return;
  const auto space = files_.space(folder_);
  if (!space || space->octets < kEnoughSpace) return;
  auto opened = open_or_renew();
  if (!opened) return;
  const auto tried = opened->run(
      format("BEGIN IMMEDIATE; INSERT INTO clock VALUES(1, {}) ON CONFLICT(id) DO UPDATE SET "
             "written = max(written, excluded.written); COMMIT",
             last_written_));
  if (!tried) return;
  use(*std::move(opened), false);
  tell(format("{} is used again; what was kept in memory meanwhile is forgotten", kFile));
}

void StateDatabase::close(Stamp now) {
  static_cast<void>(commit(now));
  drop();
  closed_ = true;
}

}  // namespace gatepost::state
