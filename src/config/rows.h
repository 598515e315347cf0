// SPDX-License-Identifier: Apache-2.0
// config: keys.def as a table to walk over: for the parser, the manual and the sample.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/limits.h"
#include "config/settings.h"
#include "config/values.h"

namespace gatepost::config {

enum class Reload : std::uint8_t {
  Live,   ///< Taken over by `gatepost reload`.
  Start,  ///< When the program starts.
};

/// How JSON shows a value.
enum class Shape : std::uint8_t { Text, Truth, Number };

/// One parameter, or, without a name, the title of those that follow.
struct Row {
  std::string_view name;
  std::string_view initial;  ///< The default, not expanded.
  std::string_view text;     ///< What it changes for mail, or the title.
  std::string_view form;     ///< What values look like.
  Limits limits{};
  Reload reload = Reload::Live;
  Shape shape = Shape::Text;
  /// Puts an expanded value where it belongs. One of the two is set.
  Result<void> (*read)(Settings&, std::string_view value, ValueContext&) = nullptr;
  Result<void> (*read_service)(ServiceSettings&, std::string_view value, ValueContext&) = nullptr;

  [[nodiscard]] bool is_title() const { return name.empty(); }
  [[nodiscard]] bool per_service() const { return read_service != nullptr; }
};

[[nodiscard]] std::span<const Row> rows();
/// Null when there is no such parameter.
[[nodiscard]] const Row* find_row(std::string_view name);
[[nodiscard]] std::vector<std::string_view> row_names();

/// The default of a parameter for one service where it is not Row::initial; it stands even
/// when the parameter is set for all services, as an -o in master.cf does.
[[nodiscard]] std::optional<std::string_view> service_default(std::string_view service,
                                                              std::string_view name);

}  // namespace gatepost::config
