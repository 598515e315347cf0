// SPDX-License-Identifier: Apache-2.0
// state: the tables of state.db, of all stores that stand on it.
#pragma once

#include <span>
#include <string_view>

namespace gatepost::state {

/// For Database::migrate(). A step is never changed once released; a change is a further step,
/// which an earlier version of the program may never have seen: it only adds.
[[nodiscard]] std::span<const std::string_view> state_schema();

}  // namespace gatepost::state
