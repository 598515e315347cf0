// SPDX-License-Identifier: Apache-2.0
// cli: passwords from a person or a script.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace gatepost::cli {

/// Asks at the terminal, without echo. Permanent where there is none; Cancelled after Ctrl-C, or
/// Ctrl-D on an empty line. At most 1025 octets: one more than a password may have.
[[nodiscard]] Result<Secret> ask_password(std::string_view prompt);

/// The next line of standard input, without its end; the last may lack one. Permanent at the end
/// of the input. Takes no octet of the line that follows.
[[nodiscard]] Result<Secret> read_password_line();

/// A line of text from the terminal, with echo: whether it is "y" or "yes".
[[nodiscard]] bool confirm(std::string_view question);

}  // namespace gatepost::cli
