// SPDX-License-Identifier: Apache-2.0
// config: what must hold between settings.
#pragma once

#include <string>

#include "config/document.h"
#include "config/finding.h"
#include "config/settings.h"

namespace gatepost::config {

/// Makes smtp_listen from inet_interfaces and inet_protocols where only those are set, and
/// looks for settings that contradict each other. `file` names the configuration in findings.
void settle(Settings& settings,
            const Document& document,
            const std::string& file,
            Findings& findings);

}  // namespace gatepost::config
