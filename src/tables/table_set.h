// SPDX-License-Identifier: Apache-2.0
// tables: the tables in use, read again when their files change.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tables/files.h"
#include "tables/spec.h"
#include "tables/table.h"

namespace gatepost::tables {

/// A table someone looks into; what is behind it may be replaced between two lookups.
class Handle {
 public:
  virtual ~Handle() = default;
  [[nodiscard]] virtual Result<std::optional<std::string>> find(std::string_view key) const = 0;
  [[nodiscard]] virtual std::optional<Table::Entries> entries() const = 0;
};
using TableHandle = std::shared_ptr<const Handle>;

/// Opens each table once, whoever asks for it. All calls, and lookups by the handles, from one
/// thread. The handles may outlive the set; they are read again no more then.
///
/// Reading takes long when tables are large. Where it must not be waited for, another thread makes a
/// second set of contents(), refreshes that one, and what it then holds is taken over.
class TableSet {
 public:
  /// What is in force: values, to be handed to another thread.
  struct Content {
    Spec spec;
    std::shared_ptr<const Table> table;
    std::optional<Stamp> stamp;  ///< Of the last try; nothing: the file was not there.
    bool held = false;           ///< Reverted: what is in force is not what is in the file.
  };
  using Contents = std::vector<Content>;

  /// `files` outlives the set. `before`: tables that are open from the beginning.
  explicit TableSet(Files& files, const Contents& before = {});
  ~TableSet();
  TableSet(const TableSet&) = delete;
  TableSet& operator=(const TableSet&) = delete;

  /// A table that cannot be read or used is an error, every problem of it on one line:
  /// "/etc/x:12: ..., /etc/x:14: ...".
  [[nodiscard]] Result<TableHandle> open(const Spec& spec);
  /// What open() had to warn about since the last call, "/etc/x:12: ...".
  [[nodiscard]] std::vector<std::string> take_warnings();

  struct Refresh {
    bool changed = false;               ///< Some table has another content now.
    std::vector<std::string> problems;  ///< One line each; told once until the file changes again.
  };
  /// Looks at every file and reads those that changed. A table whose file is gone or wrong
  /// stays as it was.
  Refresh refresh();
  /// Some file is not what was last read, or tried.
  [[nodiscard]] bool is_stale() const;
  [[nodiscard]] Contents contents() const;
  /// Puts these in the place of the tables of the same names; the handles that were given away look
  /// into them from now on.
  void take(const Contents& contents);
  /// As if reverted, and not to be tried before a file changes.
  static void hold(Contents& contents, Files& files);
  /// Takes back what the last refresh() changed, because the tables contradict each other as they
  /// are now. Each is tried again when any of the files changes.
  void revert();
  /// "/etc/x:12": where `key` stands in the file of an indexed table; the file alone when it is not
  /// found.
  [[nodiscard]] std::string place_of(const Spec& spec, std::string_view key);

 private:
  class FileHandle;
  class UnionHandle;
  class PipeHandle;

  Result<TableHandle> open_nested(const Spec& spec, unsigned depth);
  Result<TableHandle> open_compound(const Spec& spec, unsigned depth);

  Files& files_;
  std::vector<std::shared_ptr<FileHandle>> opened_;
  std::vector<std::string> warnings_;
};

}  // namespace gatepost::tables
