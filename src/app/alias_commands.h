// SPDX-License-Identifier: Apache-2.0
// app: the verbs of the control socket about throw-away addresses.
#pragma once

#include <string>

#include "app/settings_directory.h"
#include "base/result.h"
#include "base/task.h"
#include "control/protocol.h"
#include "log/clock.h"
#include "server/alias_book.h"

namespace gatepost::app {

[[nodiscard]] bool is_alias_verb(control::Verb verb);

/// Carries out one of them; the answer, of lists with its line ends. Permanent: it cannot be done
/// as asked. The references outlive the call.
Task<Result<std::string>> serve_aliases(server::AliasBook& book,
                                        SettingsDirectory& directory,
                                        log::Clock& clock,
                                        control::Request request);

}  // namespace gatepost::app
