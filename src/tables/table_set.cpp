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
  explicit FileHandle(Spec spec) { in_force_.spec = std::move(spec); }
  explicit FileHandle(Content content) : in_force_(std::move(content)) {}

  [[nodiscard]] Result<std::optional<std::string>> find(std::string_view key) const override {
    return in_force_.table->find(key);
  }
  [[nodiscard]] std::optional<Table::Entries> entries() const override {
    return in_force_.table->entries();
  }
  [[nodiscard]] const Spec& spec() const { return in_force_.spec; }
  [[nodiscard]] const Content& content() const { return in_force_; }
  void take(const Content& content) { in_force_ = content; }

  /// Takes the content of the file, or gives the reason why not. Warnings are added.
  Result<void> load(Files& files, std::vector<std::string>& warnings) {
    std::string text;
    const Spec& spec = in_force_.spec;
    if (spec.has_file()) {
      const std::string path = path_of(spec);
      // The stamp first: a change while reading is then seen as one by the next refresh.
      in_force_.stamp.reset();
      GP_TRY(in_force_.stamp, files.stamp(path));
      GP_TRY(text, files.read(path, limits::kFile));
    }
    Built built = build_table(spec, text);
    std::string fatal;
    for (const Problem& problem : built.problems) {
      if (!problem.fatal) {
        warnings.push_back("warning: " + place(spec, problem));
      } else {
        fatal += (fatal.empty() ? "" : ", ") + place(spec, problem);
      }
    }
    if (!built.table) return Error{Cause::Permanent, fatal};
    before_ = std::exchange(in_force_.table, std::move(built.table));
    in_force_.held = false;
    return {};
  }

  void revert() {
    if (!before_) return;
    in_force_.table = std::exchange(before_, nullptr);
    in_force_.held = true;
  }
  void settle() { before_.reset(); }
  [[nodiscard]] bool is_held() const { return in_force_.held; }

  /// True when the file is not what was last read, or tried.
  [[nodiscard]] bool is_stale(Files& files) const {
    if (!spec().has_file()) return false;
    const Result<Stamp> now = files.stamp(path_of(spec()));
    const std::optional<Stamp>& seen = in_force_.stamp;
    if (!now) return seen.has_value();
    return !seen || *seen != *now;
  }

 private:
  Content in_force_;  // Its table is never null once open() has given the handle away.
  std::shared_ptr<const Table> before_;  // What the last load() took the place of.
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

TableSet::TableSet(Files& files, const Contents& before) : files_(files) {
  for (const Content& one : before) opened_.push_back(std::make_shared<FileHandle>(one));
}
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
  for (const auto& handle : opened_) handle->settle();
  if (!is_stale()) return out;
  for (const auto& handle : opened_) {
    if (!handle->is_held() && !handle->is_stale(files_)) continue;
    if (const Result<void> loaded = handle->load(files_, out.problems); loaded) {
      out.changed = true;
    } else {
      out.problems.push_back(loaded.error().detail + "; the table stays as it was");
    }
  }
  return out;
}

bool TableSet::is_stale() const {
  return std::any_of(opened_.begin(), opened_.end(),
                     [this](const auto& handle) { return handle->is_stale(files_); });
}

TableSet::Contents TableSet::contents() const {
  Contents out;
  out.reserve(opened_.size());
  for (const auto& handle : opened_) out.push_back(handle->content());
  return out;
}

void TableSet::take(const Contents& contents) {
  for (const auto& handle : opened_) {
    const auto same = [&handle](const Content& one) { return one.spec == handle->spec(); };
    const auto found = std::find_if(contents.begin(), contents.end(), same);
    if (found != contents.end()) handle->take(*found);
  }
}

void TableSet::hold(Contents& contents, Files& files) {
  for (Content& one : contents) {
    if (!one.spec.has_file()) continue;
    const Result<Stamp> now = files.stamp(path_of(one.spec));
    one.stamp = now ? std::optional(*now) : std::nullopt;
    one.held = true;
  }
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
