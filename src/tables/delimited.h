// SPDX-License-Identifier: Apache-2.0
// tables: /pattern/flags as regexp: and pcre: rules write it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace gatepost::tables {

struct Delimited {
  std::string pattern;  ///< A backslash before the delimiter is kept.
  std::string flags;
};

/// Takes it off the front of `line`. Any character that is neither a letter, a digit, a backslash
/// nor white space may stand for `/`.
[[nodiscard]] Result<Delimited> take_delimited(std::string_view& line);

/// Longest key a pattern is tried on. Keys are addresses, names and lines of the protocol; what is
/// longer is an error, since matching takes more time the longer the key.
inline constexpr std::size_t kMostSubject = 4096;

}  // namespace gatepost::tables
