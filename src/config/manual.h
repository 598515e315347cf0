// SPDX-License-Identifier: Apache-2.0
// config: gatepost.conf(5) and the sample file, printed from keys.def.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace gatepost::config {

/// gatepost.conf(5) for man(1).
[[nodiscard]] std::string manual_page();
/// The parameters alone, as text.
[[nodiscard]] std::string settings_text();
/// gatepost.conf with every parameter at its default, as comments.
[[nodiscard]] std::string sample_file();

/// Where a default is not Postfix's.
struct Difference {
  std::string_view name;
  std::string_view postfix;  ///< Its default there.
  std::string_view why;
};
[[nodiscard]] std::span<const Difference> differences();

/// Text for man(7): nothing in it is a request or an escape.
[[nodiscard]] std::string roff(std::string_view text);

}  // namespace gatepost::config
