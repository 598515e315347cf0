// SPDX-License-Identifier: Apache-2.0
// cli: sendmail -bs: SMTP on standard input and output, into the maildrop.
#pragma once

#include "cli/submission.h"

namespace gatepost::cli {

/// Speaks until QUIT or the end of the input; the exit status. Each 250 after a text says that the
/// message is durable in the maildrop. Works whether the service runs or not.
[[nodiscard]] int speak_smtp(const Submitter& submitter);

}  // namespace gatepost::cli
