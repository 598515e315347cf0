// SPDX-License-Identifier: Apache-2.0
// storage: throw-away addresses, kept over restarts.
#include "storage/alias_store.h"

#include <array>
#include <cerrno>
#include <limits>
#include <string_view>

#include "base/format.h"
#include "storage/set_aside.h"

namespace gatepost::storage {
namespace {

// A step is never changed once released; a change of the schema is a further step.
constexpr std::array<std::string_view, 1> kSchema = {
    R"sql(
CREATE TABLE alias(
  address TEXT PRIMARY KEY,
  targets TEXT NOT NULL,
  label TEXT NOT NULL,
  made INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  binding INTEGER NOT NULL,
  domain TEXT NOT NULL,
  most_uses INTEGER NOT NULL,
  uses INTEGER NOT NULL,
  last_used INTEGER NOT NULL,
  trap INTEGER NOT NULL
) STRICT;
CREATE TABLE leak(
  address TEXT NOT NULL,
  domain TEXT NOT NULL,
  count INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY(address, domain)
) STRICT;
)sql",
};

constexpr std::size_t kMostText = 64 * 1024;

constexpr std::string_view kFile = "aliases.db";

Result<Database> open_database(const std::string& path) {
  GP_TRY(auto database, Database::open(path));
  GP_CHECK(database.check());
  GP_CHECK(database.migrate(kSchema));
  return database;
}

std::int64_t whole(std::uint64_t value) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  return value > static_cast<std::uint64_t>(kMost) ? kMost : static_cast<std::int64_t>(value);
}

std::string text_of(Statement& row, int column) {
  return std::string(row.text(column, kMostText).value_or(std::string_view()));
}

}  // namespace

Result<std::unique_ptr<AliasStore>> AliasStore::open(Files& files,
                                                     const std::string& folder,
                                                     std::vector<std::string>& problems) {
  const std::string path = folder + "/aliases.db";
  auto database = open_database(path);
  if (!database && database.error().system == EUCLEAN) {
    problems.push_back(database.error().detail);
    GP_TRY(const int number, files.open_folder(kNoFolder, folder));
    const Descriptor place(files, number);
    GP_CHECK(set_aside(files, number, std::string(kFile), problems));
    database = open_database(path);
  }
  if (!database) return std::move(database).error();
  GP_TRY(const int number, files.open_folder(kNoFolder, folder));
  const Descriptor place(files, number);
  GP_CHECK(files.sync_folder(number));
  bool incomplete = false;
  for (int n = 1; n <= kMostDamaged && !incomplete; ++n) {
    const std::string name = damaged_name(kFile, n);
    incomplete = static_cast<bool>(files.facts(number, name));
    if (incomplete) {
      problems.push_back(
          format("{}/{}: addresses may be missing; mail to unknown names of their form is put off "
                 "(450) until that file is taken away and the service started again",
                 folder, name));
    }
  }
  return std::unique_ptr<AliasStore>(new AliasStore(*std::move(database), incomplete));
}

Result<std::vector<mail::Throwaway>> AliasStore::load() {
  return database_.with([](Database& database) -> Result<std::vector<mail::Throwaway>> {
    std::vector<mail::Throwaway> out;
    GP_TRY(auto rows,
           database.prepare("SELECT address, targets, label, made, expires, binding, domain, "
                            "most_uses, uses, last_used, trap FROM alias ORDER BY address"));
    GP_TRY(auto leaks,
           database.prepare("SELECT domain, count, last FROM leak WHERE address = ?1 LIMIT 100"));
    for (;;) {
      GP_TRY(const bool more, rows.step());
      if (!more) return out;
      const auto number = [&rows](int column) { return rows.number(column).value_or(0); };
      const auto count = [&number](int column) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(number(column), 0));
      };
      mail::Throwaway one;
      one.address = text_of(rows, 0);
      one.targets = text_of(rows, 1);
      one.label = text_of(rows, 2);
      one.made = number(3);
      one.expires = number(4);
      one.domain = text_of(rows, 6);
      one.most_uses = count(7);
      one.uses = count(8);
      one.last_used = number(9);
      one.trap = number(10) != 0;
      const std::int64_t binding = number(5);
      const bool known = binding >= 0 && binding <= static_cast<int>(mail::Binding::Domain);
      if (!known || one.address.empty() || one.targets.empty()) continue;
      one.binding = static_cast<mail::Binding>(binding);
      leaks.bind(1, one.address);
      for (;;) {
        GP_TRY(const bool leaked, leaks.step());
        if (!leaked) break;
        mail::Leak leak;
        leak.domain = text_of(leaks, 0);
        leak.count =
            static_cast<std::uint64_t>(std::max<std::int64_t>(leaks.number(1).value_or(0), 0));
        leak.last = leaks.number(2).value_or(0);
        one.leaks.push_back(std::move(leak));
      }
      leaks.reset();
      out.push_back(std::move(one));
    }
  });
}

void AliasStore::put(const mail::Throwaway& alias) {
  noted_.with([&alias](Changes& noted) { noted[alias.address] = {alias, false}; });
}

void AliasStore::erase(const std::string& address) {
  Change change;
  change.alias.address = address;
  change.erase = true;
  noted_.with([&](Changes& noted) { noted[address] = std::move(change); });
}

Result<void> AliasStore::flush() {
  return database_.with([this](Database& database) -> Result<void> {
    auto changes = noted_.with([](Changes& noted) { return std::exchange(noted, {}); });
    if (changes.empty()) return {};
    auto written = write(database, changes);
    if (written) return {};
    if (database.in_transaction()) static_cast<void>(database.run("ROLLBACK"));
    // What was noted meanwhile is newer, and stays.
    noted_.with([&changes](Changes& noted) { noted.merge(changes); });
    return written;
  });
}

Result<void> AliasStore::write(Database& database, const Changes& changes) {
  GP_TRY(auto erase, database.prepare("DELETE FROM alias WHERE address = ?1"));
  GP_TRY(auto forget, database.prepare("DELETE FROM leak WHERE address = ?1"));
  GP_TRY(auto put, database.prepare(
                       "INSERT INTO alias VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"));
  GP_TRY(auto leak, database.prepare("INSERT INTO leak VALUES(?1, ?2, ?3, ?4)"));
  GP_CHECK(database.run("BEGIN IMMEDIATE"));
  for (const auto& [address, change] : changes) {
    const mail::Throwaway& one = change.alias;
    erase.bind(1, address);
    GP_CHECK(erase.perform());
    forget.bind(1, address);
    GP_CHECK(forget.perform());
    if (change.erase) continue;
    put.bind(1, one.address);
    put.bind(2, one.targets);
    put.bind(3, one.label);
    put.bind(4, one.made);
    put.bind(5, one.expires);
    put.bind(6, static_cast<std::int64_t>(one.binding));
    put.bind(7, one.domain);
    put.bind(8, whole(one.most_uses));
    put.bind(9, whole(one.uses));
    put.bind(10, one.last_used);
    put.bind(11, std::int64_t{one.trap});
    GP_CHECK(put.perform());
    for (const mail::Leak& each : one.leaks) {
      leak.bind(1, one.address);
      leak.bind(2, each.domain);
      leak.bind(3, whole(each.count));
      leak.bind(4, each.last);
      GP_CHECK(leak.perform());
    }
  }
  return database.run("COMMIT");
}

}  // namespace gatepost::storage
