// SPDX-License-Identifier: Apache-2.0
// policy: which users of this machine may send with sendmail(1): authorized_submit_users.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace gatepost::policy {

/// One entry: a login name, or static:ANYTHING for everybody; `!` in front excludes.
[[nodiscard]] bool is_submitter_entry(std::string_view entry);

/// The first entry that matches decides; false when none does. `login` is empty for a user
/// without a name, who is met by static: alone.
[[nodiscard]] bool may_submit(std::span<const std::string> entries, std::string_view login);

}  // namespace gatepost::policy
