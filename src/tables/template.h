// SPDX-License-Identifier: Apache-2.0
// tables: the right side of a pattern: text with $1, ${1}, $(1) and $$.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gatepost::tables {

class Template {
 public:
  /// `groups`: how many the pattern has; 0 makes every reference an error. With `literal`, `$`
  /// has no meaning.
  [[nodiscard]] static Result<Template> parse(std::string_view text,
                                              std::size_t groups,
                                              bool literal);

  /// `groups[n]` stands for $n.
  [[nodiscard]] std::string expand(std::span<const std::string_view> groups) const;

 private:
  struct Piece {
    std::string text;
    std::size_t group = 0;  // Comes after the text; 0: none.
  };
  std::vector<Piece> pieces_;
};

}  // namespace gatepost::tables
