// SPDX-License-Identifier: Apache-2.0
// policy: words of an owner with the names of a session in them, as mac_expand(3) of Postfix has it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::policy {

/// port: what names stand for.
class MacroNames {
 public:
  virtual ~MacroNames() = default;
  /// As it came from a client. Nothing: there is no such name, which is as good as an empty value.
  [[nodiscard]] virtual std::optional<std::string> value_of(std::string_view name) const = 0;
};

/// What replaced names and the words around them may come to together, in octets.
inline constexpr std::size_t kMostExpanded = 4000;

/// Replaces $name, ${name} and $(name), ${name?text}, ${name:text}, ${name?{yes}:{no}}, and $$ by $.
/// Octets of values that are not in `allowed` become `_`. What is not of this form stays as it is.
[[nodiscard]] std::string expand_macros(std::string_view text,
                                        const MacroNames& names,
                                        std::string_view allowed);

/// The characters that smtpd_expansion_filter means: \t, \\, \40 and the like are read as in C.
[[nodiscard]] std::string read_escapes(std::string_view text);

}  // namespace gatepost::policy
