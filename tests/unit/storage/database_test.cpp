// SPDX-License-Identifier: Apache-2.0
// tests: one connection: its errors, its migrations.
#include "storage/database.h"

#include <array>
#include <cerrno>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "house.h"

namespace gatepost::storage::test {
namespace {

constexpr std::array<std::string_view, 1> kOld = {
    "CREATE TABLE t(a INTEGER NOT NULL) STRICT; INSERT INTO t VALUES(7)"};
constexpr std::array<std::string_view, 2> kNew = {
    kOld[0],
    "CREATE TABLE u AS SELECT * FROM t; DROP TABLE t;"
    "CREATE TABLE t(a INTEGER NOT NULL, b TEXT NOT NULL) STRICT;"
    "INSERT INTO t SELECT a, 'new' FROM u; DROP TABLE u"};

std::string value(Database& database, const char* sql) {
  auto statement = database.prepare(sql);
  if (!statement) return "error";
  const auto row = statement->step();
  if (!row || !*row) return "none";
  if (const auto number = statement->number(0)) return std::to_string(*number);
  return std::string(statement->text(0, 100).value_or("not text"));
}

}  // namespace

TEST_CASE("a new file is brought to the present schema", "[storage][database]") {
  Scratch scratch;
  auto database = Database::open(scratch / "db");
  REQUIRE(database);
  REQUIRE(database->migrate(kNew));
  CHECK(value(*database, "SELECT b FROM t") == "new");
  CHECK(value(*database, "PRAGMA user_version") == "2");
}

TEST_CASE("an old file keeps its rows when it is migrated", "[storage][database]") {
  Scratch scratch;
  REQUIRE(Database::open(scratch / "db")->migrate(kOld));
  auto database = Database::open(scratch / "db");
  REQUIRE(database->migrate(kNew));
  CHECK(value(*database, "SELECT a FROM t") == "7");
  CHECK(value(*database, "SELECT b FROM t") == "new");
  REQUIRE(database->migrate(kNew));
}

TEST_CASE("a migration that fails midway leaves the old version", "[storage][database]") {
  Scratch scratch;
  constexpr std::array<std::string_view, 2> kBroken = {
      kOld[0], "CREATE TABLE u AS SELECT * FROM t; DROP TABLE t; INSERT INTO nowhere VALUES(1)"};
  auto database = Database::open(scratch / "db");
  REQUIRE(database->migrate(kOld));
  CHECK_FALSE(database->migrate(kBroken));
  CHECK_FALSE(database->in_transaction());
  CHECK(value(*database, "PRAGMA user_version") == "1");
  CHECK(value(*database, "SELECT a FROM t") == "7");
  CHECK(value(*database, "SELECT a FROM u") == "error");
  REQUIRE(database->migrate(kNew));
  CHECK(value(*database, "SELECT b FROM t") == "new");
}

TEST_CASE("a migration that dies midway leaves the old version", "[storage][database]") {
  Scratch scratch;
  REQUIRE(Database::open(scratch / "db")->migrate(kOld));
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto database = Database::open(scratch / "db");
    // The cache is made to spill, so that half the change is in the file when we die.
    bool went = database && database->run("PRAGMA cache_size=1;BEGIN IMMEDIATE;") &&
                database->run("DROP TABLE t; CREATE TABLE t(a INTEGER, b TEXT) STRICT") &&
                database->run("INSERT INTO t VALUES(1, 'half')");
    for (int doubled = 0; went && doubled < 13; ++doubled) {
      went = static_cast<bool>(database->run("INSERT INTO t SELECT a, b FROM t"));
    }
    ::_exit(went ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);

  auto database = Database::open(scratch / "db");
  REQUIRE(database->check());
  CHECK(value(*database, "SELECT count(*) FROM t") == "1");
  REQUIRE(database->migrate(kNew));
  CHECK(value(*database, "SELECT b FROM t") == "new");
}

TEST_CASE("a file of a later version is refused and left alone", "[storage][database]") {
  Scratch scratch;
  auto database = Database::open(scratch / "db");
  REQUIRE(database->migrate(kNew));
  const auto done = database->migrate(kOld);
  REQUIRE_FALSE(done);
  CHECK(done.error().cause == Cause::Permanent);
  CHECK(done.error().system != EUCLEAN);
  CHECK(value(*database, "SELECT b FROM t") == "new");
}

TEST_CASE("a file that is no database is told as damaged", "[storage][database]") {
  Scratch scratch;
  std::ofstream(scratch / "db") << std::string(5000, 'x');
  auto database = Database::open(scratch / "db");
  REQUIRE_FALSE(database);
  CHECK(database.error().system == EUCLEAN);
}

TEST_CASE("a second process is told that the file is in use", "[storage][database]") {
  Scratch scratch;
  auto database = Database::open(scratch / "db");
  REQUIRE(database->migrate(kOld));
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto second = Database::open(scratch / "db");
    ::_exit(!second && second.error().system == EBUSY ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a column of another type or too long reads as nothing", "[storage][database]") {
  Scratch scratch;
  auto database = Database::open(scratch / "db");
  auto row = database->prepare("SELECT 'text', x'00ff', 12, NULL");
  REQUIRE(*row->step());
  CHECK(row->text(0, 4) == "text");
  CHECK_FALSE(row->text(0, 3));
  CHECK_FALSE(row->blob(0, 10));
  CHECK_FALSE(row->number(0));
  CHECK(row->blob(1, 2) == std::string_view("\0\xff", 2));
  CHECK_FALSE(row->blob(1, 1));
  CHECK(row->number(2) == 12);
  CHECK_FALSE(row->text(3, 10));
  CHECK_FALSE(row->number(3));
}

TEST_CASE("a value larger than can be bound is an error, not a NULL", "[storage][database]") {
  Scratch scratch;
  auto database = Database::open(scratch / "db");
  REQUIRE(database->run("CREATE TABLE t(a BLOB)"));
  auto insert = database->prepare("INSERT INTO t VALUES(?1)");
  const std::string big(std::size_t{1} << 21, 'x');
  insert->bind_blob(1, big);
  const auto done = insert->step();
  REQUIRE_FALSE(done);
  CHECK(done.error().system == EMSGSIZE);
  insert->reset();
  insert->bind_blob(1, "small");
  CHECK(insert->step());
}

}  // namespace gatepost::storage::test
