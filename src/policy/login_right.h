// SPDX-License-Identifier: Apache-2.0
// policy: whether a user may log in to send, besides having the right password.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "policy/users.h"

namespace gatepost::policy {

/// Why this user may not log in from `client`, for the log; empty: it may. By its mode, and by
/// Dovecot's extra field `allow_nets`: networks and addresses with commas between them, and `local`
/// for connections without a network, of which we have none. A field that cannot be read lets
/// nobody in: what an owner wrote to restrain a user must not free them for a slip of the pen.
[[nodiscard]] std::string_view find_login_bar(const User& user, const IpAddress& client);

/// What is wrong with the user's allow_nets; nothing when it has none, or one that can be read.
[[nodiscard]] std::optional<std::string> find_allow_nets_fault(const User& user);

}  // namespace gatepost::policy
