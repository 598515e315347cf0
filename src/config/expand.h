// SPDX-License-Identifier: Apache-2.0
// config: $name, ${name?value}, ${{a} == {b} ? {x} : {y}} in values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gatepost::config {

/// What stands behind a name, itself not expanded yet.
class Names {
 public:
  virtual ~Names() = default;
  /// Nothing when there is no such parameter.
  [[nodiscard]] virtual std::optional<std::string> value_of(std::string_view name) = 0;
  /// `; did you mean ...?` or nothing.
  [[nodiscard]] virtual std::string suggestion(std::string_view name) = 0;
};

/// Replaces, as postconf(5) says:
///   $name ${name} $(name)          the value of the parameter, expanded; it must exist
///   ${name?value} ${name?{value}}  `value` when the parameter has a value that is not empty
///   ${name:value} ${name:{value}}  `value` when it has not
///   ${name?{yes}:{no}}             the one or the other
///   ${{a} == {b} ? {yes} : {no}}   also != < <= > >=; whole numbers compare as such, other text
///                                  by octets; ==level, <level and so on compare 3.6 with 3.10
///   $$                             a dollar sign
/// Only what is chosen is expanded. An error says what was expected; so do parameters that refer
/// to themselves, nesting without end, and a result longer than limits::kConfigLine.
[[nodiscard]] Result<std::string> expand(std::string_view value, Names& names);

}  // namespace gatepost::config
