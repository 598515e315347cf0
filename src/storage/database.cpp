// SPDX-License-Identifier: Apache-2.0
// storage: SQLite behind Result.
#include "storage/database.h"

#include <cerrno>

#include <sqlite3.h>

#include "base/text.h"

namespace gatepost::storage {
namespace {

int errno_of(int code, sqlite3* connection) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return ENOSPC;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return EUCLEAN;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return EBUSY;
    case SQLITE_CONSTRAINT:
      return EEXIST;
    case SQLITE_NOMEM:
      return ENOMEM;
    case SQLITE_TOOBIG:
      return EMSGSIZE;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return EACCES;
    default:
      break;
  }
  const int number = connection == nullptr ? 0 : sqlite3_system_errno(connection);
  return number == 0 ? EIO : number;
}

Error failed(std::string_view what, int code, sqlite3* connection) {
  std::string detail(what);
  detail.append(": ");
  detail.append(connection == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(connection));
  return Error{Cause::Temporary, std::move(detail), errno_of(code, connection)};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Statement::bind(int parameter, std::string_view text) {
  // A null pointer would be bound as NULL.
  const char* data = text.empty() ? "" : text.data();
  const int code = sqlite3_bind_text64(statement_.get(), parameter, data, text.size(),
                                       SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) unbound_ = code;
}

void Statement::bind_blob(int parameter, std::string_view octets) {
  const char* data = octets.empty() ? "" : octets.data();
  const int code =
      sqlite3_bind_blob64(statement_.get(), parameter, data, octets.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) unbound_ = code;
}

void Statement::bind(int parameter, std::int64_t number) {
  const int code = sqlite3_bind_int64(statement_.get(), parameter, number);
  if (code != SQLITE_OK) unbound_ = code;
}

Result<bool> Statement::step() {
  if (unbound_ != SQLITE_OK) return failed("bind", unbound_, nullptr);
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failed("step", code, sqlite3_db_handle(statement_.get()));
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  unbound_ = SQLITE_OK;
}

Result<void> Statement::perform() {
  auto stepped = step();
  reset();
  if (!stepped) return std::move(stepped).error();
  return {};
}

std::optional<std::string_view> Statement::text(int column, std::size_t most) {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_TEXT) return std::nullopt;
  const void* data = sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  if (data == nullptr || size > most) return std::nullopt;
  return std::string_view(static_cast<const char*>(data), size);
}

std::optional<std::string_view> Statement::blob(int column, std::size_t most) {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_BLOB) return std::nullopt;
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  if (data == nullptr || size > most) return std::nullopt;
  return std::string_view(static_cast<const char*>(data), size);
}

std::optional<std::int64_t> Statement::number(int column) {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_INTEGER) return std::nullopt;
  return sqlite3_column_int64(statement_.get(), column);
}

void Database::Close::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}

Result<Database> Database::connect(const std::string& path) {
  if (const int code = sqlite3_initialize(); code != SQLITE_OK) {
    return failed("start SQLite", code, nullptr);
  }
  sqlite3* connection = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &connection, flags, nullptr);
  Database database(connection);
  if (code != SQLITE_OK) return failed("open " + path, code, connection);
  GP_CHECK(database.run("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"));
  return database;
}

Result<void> Database::use_wal(const std::string& path) {
  GP_TRY(auto mode, prepare("PRAGMA journal_mode=WAL"));
  GP_TRY(const bool row, mode.step());
  if (row && mode.text(0, 16) == "wal") return {};
  return Error{Cause::Permanent, "open " + path + ": no WAL here", ENOTSUP};
}

Result<Database> Database::open(const std::string& path, Sharing sharing) {
  GP_TRY(auto database, connect(path));
  if (sharing == Sharing::Open) {
    // Others only look in. Who holds the file to write is waited for this long, once.
    database.set_patience(true);
    GP_CHECK(database.use_wal(path));
    GP_CHECK(
        database.run("PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=256;"
                     "PRAGMA journal_size_limit=1048576;"
                     // A hundred thousand triplets lie in 16 MB, and any may be next.
                     "PRAGMA cache_size=-2048;"));
    return database;
  }
  // Exclusive before WAL: then the index of the WAL lives in our memory, no second process
  // can open the file, and nothing is mapped.
  GP_CHECK(database.run("PRAGMA locking_mode=EXCLUSIVE;"));
  GP_CHECK(database.use_wal(path));
  GP_CHECK(database.run("PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=256;"));
  return database;
}

Result<Database> Database::open_memory(std::size_t pages) {
  GP_TRY(auto database, connect(":memory:"));
  GP_CHECK(database.run("PRAGMA max_page_count=" + format_number(pages)));
  return database;
}

Result<void> Database::run(const std::string& sql) {
  const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failed("database", code, connection_.get());
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return failed("prepare", code, connection_.get());
  return Statement(statement);
}

Result<void> Database::check() {
  GP_TRY(auto statement, prepare("PRAGMA quick_check(1)"));
  GP_TRY(const bool row, statement.step());
  const auto answer = row ? statement.text(0, 4096) : std::nullopt;
  if (answer == "ok") return {};
  return Error{Cause::Permanent, "quick_check: " + std::string(answer.value_or("no answer")),
               EUCLEAN};
}

Result<std::int64_t> Database::version() {
  GP_TRY(auto statement, prepare("PRAGMA user_version"));
  GP_TRY(const bool row, statement.step());
  const auto number = row ? statement.number(0) : std::nullopt;
  if (!number) return Error{Cause::Permanent, "no user_version", EUCLEAN};
  return *number;
}

Result<void> Database::migrate(std::span<const std::string_view> steps) {
  GP_TRY(const auto seen, version());
  if (seen < 0 || static_cast<std::size_t>(seen) > steps.size()) {
    return Error{Cause::Permanent, "made by a later version of this program", EPROTO};
  }
  for (auto n = static_cast<std::size_t>(seen); n < steps.size(); ++n) {
    std::string sql("BEGIN IMMEDIATE;");
    sql.append(steps[n]);
    sql.append(";PRAGMA user_version=").append(format_number(n + 1)).append(";COMMIT;");
    auto done = run(sql);
    if (!done) {
      if (in_transaction()) static_cast<void>(run("ROLLBACK"));
      return done;
    }
  }
  return {};
}

void Database::set_patience(bool patient) {
  sqlite3_busy_timeout(connection_.get(), patient ? 100 : 0);
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(connection_.get()) == 0;
}

std::int64_t Database::changes() const {
  return sqlite3_total_changes64(connection_.get());
}

}  // namespace gatepost::storage
