// SPDX-License-Identifier: Apache-2.0
// base: text of the program itself, for tables of many rows.
#pragma once

#include <string_view>

namespace gatepost {

/// A string literal in half the room of a std::string_view, which its length is worked out for
/// at every look.
class Literal {
 public:
  constexpr Literal() = default;
  constexpr Literal(const char* text) : text_(text) {}  // NOLINT: implicit

  [[nodiscard]] constexpr std::string_view view() const { return text_; }
  [[nodiscard]] constexpr bool empty() const { return *text_ == '\0'; }
  constexpr operator std::string_view() const { return text_; }  // NOLINT: implicit

 private:
  const char* text_ = "";
};

}  // namespace gatepost
