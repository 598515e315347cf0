// SPDX-License-Identifier: Apache-2.0
// tables: POSIX regular expressions, written anew for PCRE2.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace gatepost::tables {

enum class PosixSyntax { Extended, Basic };

/// The pattern of PCRE2 that matches the same keys as the POSIX one (IEEE 1003.1 chapter 9) with
/// the GNU escapes \w \W \s \S \b \B \< \> (and \| \+ \? of basic ones). Which of several matches
/// is taken may differ: PCRE2 takes the first alternative, POSIX the longest. What POSIX leaves
/// undefined and PCRE2 reads in its own way, such as "a++" or "(?", is an error.
[[nodiscard]] Result<std::string> translate_posix(std::string_view pattern, PosixSyntax syntax);

}  // namespace gatepost::tables
