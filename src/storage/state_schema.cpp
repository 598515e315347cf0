// SPDX-License-Identifier: Apache-2.0
// storage: the tables of state.db, of all stores that stand on it.
#include "storage/state_schema.h"

#include <array>

namespace gatepost::storage {
namespace {

// Times are seconds since 1970.
constexpr std::array<std::string_view, 1> kSteps = {
    // When the file was last written: a machine without a clock of its own begins there.
    R"sql(
CREATE TABLE clock(
  id INTEGER PRIMARY KEY CHECK(id = 1),
  written INTEGER NOT NULL
) STRICT;
)sql",
};

}  // namespace

std::span<const std::string_view> state_schema() {
  return kSteps;
}

}  // namespace gatepost::storage
