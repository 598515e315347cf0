// SPDX-License-Identifier: Apache-2.0
// config: parameters of Postfix that are no settings here, and what is said about them.
#pragma once

#include <span>
#include <string_view>

#include "base/literal.h"

namespace gatepost::config {

/// A row of foreign.def.
struct Foreign {
  Literal pattern;
  Literal off;   ///< Values, separated by |, that ask for what is so anyway.
  Literal text;  ///< Why there is no use for it, or what there is not yet.
  bool not_yet = false;
};

/// A name that Postfix had for what is called otherwise now.
struct Renamed {
  Literal name, now;
};
[[nodiscard]] std::span<const Renamed> renamed();

/// Null when no row fits the name.
[[nodiscard]] const Foreign* find_foreign(std::string_view name);
/// True when `value`, expanded, asks for nothing that gatepost does not do.
[[nodiscard]] bool is_off(const Foreign& row, std::string_view value);

}  // namespace gatepost::config
