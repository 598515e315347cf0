// SPDX-License-Identifier: Apache-2.0
// tables: the tables in use, read again when their files change.
#include "tables/table_set.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::tables {

namespace {

constexpr std::string_view kPasswdFile = "/etc/passwd";

std::string path_of(const Spec& spec) {
  return spec.type == Type::UnixPasswd ? std::string(kPasswdFile) : spec.argument;
}

std::string place(const Spec& spec, const Problem& problem) {
  std::string out = spec.has_file() ? path_of(spec) : spec.text();
  if (problem.line > 0) out += ":" + format_number(problem.line);
  return out + ": " + problem.text;
}

}  // namespace

/// One table; also those without a file, which never change.
class TableSet::FileHandle final : public Handle {
 public:
  explicit FileHandle(Spec spec) : spec_(std::move(spec)) {}

  [[nodiscard]] Result<std::optional<std::string>> find(std::string_view key) const override {
    return table_->find(key);
  }
  [[nodiscard]] std::optional<Table::Entries> entries() const override { return table_->entries(); }
  [[nodiscard]] const Spec& spec() const { return spec_; }

  /// Takes the content of the file, or gives the reason why not. Warnings are added.
  Result<void> load(Files& files, std::vector<std::string>& warnings) {
    std::string text;
    if (spec_.has_file()) {
      const std::string path = path_of(spec_);
      // The stamp first: a change while reading is then seen as one by the next refresh.
      stamp_.reset();
      GP_TRY(const Stamp stamp, files.stamp(path));
      stamp_ = stamp;
      GP_TRY(text, files.read(path, limits::kFile));
    }
    Built built = build_table(spec_, text);
    std::string fatal;
    for (const Problem& problem : built.problems) {
      if (!problem.fatal) {
        warnings.push_back("warning: " + place(spec_, problem));
      } else {
        fatal += (fatal.empty() ? "" : ", ") + place(spec_, problem);
      }
    }
    if (!built.table) return Error{Cause::Permanent, fatal};
    before_ = std::exchange(table_, std::move(built.table));
    held_ = false;
    return {};
  }

  void revert() {
    if (!before_) return;
    table_ = std::exchange(before_, nullptr);
    held_ = true;
  }
  void settle() { before_.reset(); }
  /// Reverted: what is in force is not what is in the file.
  [[nodiscard]] bool is_held() const { return held_; }

  /// True when the file is not what was last read, or tried.
  [[nodiscard]] bool is_stale(Files& files) const {
    if (!spec_.has_file()) return false;
    const Result<Stamp> now = files.stamp(path_of(spec_));
    if (!now) return stamp_.has_value();
    return !stamp_ || *stamp_ != *now;
  }

 private:
  Spec spec_;
  std::shared_ptr<const Table> table_;   // Never null once open() has given the handle away.
  std::shared_ptr<const Table> before_;  // What the last load() took the place of.
  std::optional<Stamp> stamp_;           // Of the last try; nothing: the file was not there.
  bool held_ = false;
};

/// unionmap: the results of all tables, joined by commas.
class TableSet::UnionHandle final : public Handle {
 public:
  explicit UnionHandle(std::vector<TableHandle> parts) : parts_(std::move(parts)) {}
  [[nodiscard]] Result<std::optional<std::string>> find(std::string_view key) const override {
    std::optional<std::string> all;
    for (const TableHandle& part : parts_) {
      GP_TRY(const std::optional<std::string> one, part->find(key));
      if (one) all = all ? *all + "," + *one : *one;
    }
    return all;
  }
  [[nodiscard]] std::optional<Table::Entries> entries() const override { return std::nullopt; }

 private:
  std::vector<TableHandle> parts_;
};

/// pipemap: each table's result is the key of the next; nothing when one has none.
class TableSet::PipeHandle final : public Handle {
 public:
  explicit PipeHandle(std::vector<TableHandle> parts) : parts_(std::move(parts)) {}
  [[nodiscard]] Result<std::optional<std::string>> find(std::string_view key) const override {
    std::optional<std::string> value{std::string(key)};
    for (const TableHandle& part : parts_) {
      GP_TRY(value, part->find(*value));
      if (!value) break;
    }
    return value;
  }
  [[nodiscard]] std::optional<Table::Entries> entries() const override { return std::nullopt; }

 private:
  std::vector<TableHandle> parts_;
};

TableSet::TableSet(Files& files) : files_(files) {}
TableSet::~TableSet() = default;

Result<TableHandle> TableSet::open(const Spec& spec) {
  return open_nested(spec, 0);
}

Result<TableHandle> TableSet::open_nested(const Spec& spec, unsigned depth) {
  if (spec.type == Type::Union || spec.type == Type::Pipe) return open_compound(spec, depth);
  for (const auto& handle : opened_) {
    if (handle->spec() == spec) return TableHandle(handle);
  }
  auto handle = std::make_shared<FileHandle>(spec);
  GP_CHECK(handle->load(files_, warnings_));
  opened_.push_back(handle);
  return TableHandle(std::move(handle));
}

Result<TableHandle> TableSet::open_compound(const Spec& spec, unsigned depth) {
  constexpr unsigned kMostNested = 10;
  if (depth >= kMostNested) return Error{Cause::Permanent, "too many tables inside each other"};
  GP_TRY(const auto names,
         split_list(std::string_view(spec.argument).substr(1, spec.argument.size() - 2), true));
  if (names.empty())
    return Error{Cause::Permanent, "\"" + spec.text() + "\": expected {type:name, ...}"};
  std::vector<TableHandle> parts;
  for (const std::string& name : names) {
    GP_TRY(const Spec part, parse_spec(name));
    GP_TRY(TableHandle handle, open_nested(part, depth + 1));
    parts.push_back(std::move(handle));
  }
  if (spec.type == Type::Union) return TableHandle(std::make_shared<UnionHandle>(std::move(parts)));
  return TableHandle(std::make_shared<PipeHandle>(std::move(parts)));
}

std::vector<std::string> TableSet::take_warnings() {
  return std::exchange(warnings_, {});
}

TableSet::Refresh TableSet::refresh() {
  Refresh out;
  const auto stale = [this](const auto& handle) { return handle->is_stale(files_); };
  for (const auto& handle : opened_) handle->settle();
  if (std::none_of(opened_.begin(), opened_.end(), stale)) return out;
  for (const auto& handle : opened_) {
    if (!handle->is_held() && !stale(handle)) continue;
    if (const Result<void> loaded = handle->load(files_, out.problems); loaded) {
      out.changed = true;
    } else {
      out.problems.push_back(loaded.error().detail + "; the table stays as it was");
    }
  }
  return out;
}

void TableSet::revert() {
  for (const auto& handle : opened_) handle->revert();
}

std::string TableSet::place_of(const Spec& spec, std::string_view key) {
  if (!spec.has_file()) return spec.text();
  std::string path = path_of(spec);
  const Result<std::string> text = files_.read(path, limits::kFile);
  if (!text) return path;
  LineReader reader(*text);
  while (reader.next()) {
    std::string_view line = reader.line();
    if (line.starts_with('"')) line.remove_prefix(1);
    const std::string_view rest = line.substr(std::min(key.size(), line.size()));
    const bool ends =
        !rest.empty() && (is_space(rest.front()) || rest.front() == ':' || rest.front() == '"');
    if (istarts_with(line, key) && ends) return path + ":" + format_number(reader.number());
  }
  return path;
}

}  // namespace gatepost::tables
