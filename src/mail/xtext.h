// SPDX-License-Identifier: Apache-2.0
// mail: xtext (RFC 3461 section 4), the form in which ENVID and ORCPT travel.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatepost::mail {

/// The text meant by `xtext`, or nothing when it is malformed: a space, a control
/// character, `=`, or `+` without two hexadecimal digits in upper case (lower case is
/// tolerated). Octets past ASCII are let through only when `utf8` (RFC 6533 section 3).
[[nodiscard]] std::optional<std::string> parse_xtext(std::string_view xtext, bool utf8);

/// The reverse; everything outside `!` to `~`, and `+` and `=`, becomes `+XX`.
[[nodiscard]] std::string format_xtext(std::string_view text);

}  // namespace gatepost::mail
