// SPDX-License-Identifier: Apache-2.0
// cli: the text of a passwd-file, changed line by line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gatepost::cli {

/// Comments, order, line ends and fields nobody here knows stay as they are. Pure.
class UserFile {
 public:
  explicit UserFile(std::string_view text);
  [[nodiscard]] std::string text() const;

  /// In any case, as logins are.
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  /// A new line at the end. `name` is none of the file's and has no find_new_name_fault().
  void add(std::string_view name, std::string_view secret);
  /// The second field. Of names that stand twice the first counts, here and for logins.
  void set_secret(std::string_view name, std::string_view secret);
  /// `key=value` in the eighth field, in the place of one that is there; without a value `key`
  /// alone, and nothing at all where `value` is nothing.
  void set_extra(std::string_view name,
                 std::string_view key,
                 const std::optional<std::string>& value);
  /// All lines of the name: the second would be the user's otherwise. After the last user
  /// policy::kNoUsersLine stands in the file.
  void remove(std::string_view name);

 private:
  struct Line {
    std::string text;  // Without its end.
    bool carriage = false;
  };
  [[nodiscard]] static bool is_of(const Line& line, std::string_view name);
  [[nodiscard]] const Line* find(std::string_view name) const;
  [[nodiscard]] Line* find(std::string_view name);

  std::vector<Line> lines_;
};

/// Why no new user should have this name, or null: what no user can have, and what a line of the
/// file cannot hold.
[[nodiscard]] const char* find_new_name_fault(std::string_view name);

}  // namespace gatepost::cli
