// SPDX-License-Identifier: Apache-2.0
// tables: hash:, inline: and unix: tables: exact keys, kept small.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tables/table.h"

namespace gatepost::tables {

/// Keys and values in one piece of text, found by halving: 4 octets a row besides the text, so
/// that a list of a million addresses fits a small board.
class IndexedTable final : public Table {
 public:
  enum class Case : std::uint8_t { Ignored, Kept };
  explicit IndexedTable(Case letters) : letters_(letters) {}

  /// Before seal(). Keys and values hold no NUL.
  void add(std::string_view key, std::string_view value);
  void reserve(std::size_t octets) { text_.reserve(octets); }
  /// Sorts. Of rows with the same key the first stays; the others' keys are returned, a few of
  /// them.
  [[nodiscard]] std::vector<std::string> seal();

  [[nodiscard]] Result<std::optional<std::string>> find(std::string_view key) const override;
  [[nodiscard]] std::optional<Entries> entries() const override;
  [[nodiscard]] std::size_t size() const { return rows_.size(); }

 private:
  [[nodiscard]] std::string_view key_at(std::uint32_t row) const;

  Case letters_;
  std::string text_;                 // key NUL value NUL key NUL ...
  std::vector<std::uint32_t> rows_;  // Where keys begin; sorted by key after seal().
};

[[nodiscard]] Built build_indexed(std::string_view text);
/// aliases(5): `name: value`; the name may stand in quotes. A line without a colon is fatal: what
/// leads to nobody would be refused.
[[nodiscard]] Built build_aliases(std::string_view text);
[[nodiscard]] Built build_inline(std::string_view argument);
/// passwd(5): the key is the name, the value the whole line.
[[nodiscard]] Built build_passwd(std::string_view text);

}  // namespace gatepost::tables
