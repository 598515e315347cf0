// SPDX-License-Identifier: Apache-2.0
// config: every table the settings name.
#pragma once

#include <string_view>
#include <vector>

#include "config/settings.h"
#include "tables/spec.h"

namespace gatepost::config {

struct NamedTable {
  std::string_view parameter;  ///< "mynetworks"
  tables::Spec spec;
};

/// In the order of keys.def; the same table may come more than once.
[[nodiscard]] std::vector<NamedTable> all_tables(const Settings& settings);

}  // namespace gatepost::config
