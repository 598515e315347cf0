// SPDX-License-Identifier: Apache-2.0
// cli: what is said to the user: results on standard output, messages on standard error.
#pragma once

#include <string_view>

namespace gatepost::cli {

/// All of `text` to standard output. The exit status: 0, or 74 (EX_IOERR) when it cannot be written.
[[nodiscard]] int print(std::string_view text);
/// "gatepost: TEXT" LF to standard error.
void complain(std::string_view text);
/// complain(), then `status`: for `return fail(...)`.
[[nodiscard]] int fail(int status, std::string_view text);
/// True when standard output is a terminal that shows colours and the user has not asked for none
/// (NO_COLOR, TERM=dumb).
[[nodiscard]] bool may_color();

}  // namespace gatepost::cli
