// SPDX-License-Identifier: Apache-2.0
// tables: a table in memory: a key goes in, a value or nothing comes out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tables/lines.h"
#include "tables/spec.h"

namespace gatepost::tables {

/// Immutable once built; find() may be called from any thread.
class Table {
 public:
  virtual ~Table() = default;

  /// The value of `key`. Indexed and inline tables ignore the case of ASCII letters; regexp: and
  /// pcre: do unless told otherwise. An error is Temporary: the table cannot say now, for
  /// example because a pattern takes too long on this key.
  [[nodiscard]] virtual Result<std::optional<std::string>> find(std::string_view key) const = 0;

  using Entries = std::vector<std::pair<std::string, std::string>>;
  /// All keys with their values, where they can be listed: indexed and inline tables.
  [[nodiscard]] virtual std::optional<Entries> entries() const { return std::nullopt; }
};

/// A table made from text, and what was wrong with it.
struct Built {
  std::shared_ptr<const Table> table;  ///< Null after a fatal problem.
  std::vector<Problem> problems;
};

/// Makes any table but unionmap: and pipemap:, which need other tables (table_set.h). `text` is what
/// is in the file when spec.has_file(), else ignored. Not borrowed.
///
/// A line of an indexed table that has no value is left out with a warning, as postmap does. In
/// cidr:, regexp: and pcre: any mistake is fatal: leaving a rule out could let in what the rest
/// was meant to refuse.
[[nodiscard]] Built build_table(const Spec& spec, std::string_view text);

}  // namespace gatepost::tables
