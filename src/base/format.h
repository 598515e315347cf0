// SPDX-License-Identifier: Apache-2.0
// base: {fmt} without locale, the one formatter of the program (decision 0008).
#pragma once

#include <iterator>
#include <string>

#include <fmt/format.h>

namespace gatepost {

/// Appends to `out`; the format string is checked when compiled.
template <class... Args>
void append_format(std::string& out, fmt::format_string<Args...> form, Args&&... args) {
  fmt::format_to(std::back_inserter(out), form, std::forward<Args>(args)...);
}

using fmt::format;

}  // namespace gatepost
