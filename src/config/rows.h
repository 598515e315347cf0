// SPDX-License-Identifier: Apache-2.0
// config: keys.def as a table to walk over: for the parser, the manual and the sample.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/literal.h"
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

/// What all rows of a kind have in common.
struct Kind {
  std::string_view form;  ///< What values look like.
  Shape shape = Shape::Text;
  bool raw = false;  ///< Names in values are not those of settings.
  /// Puts an expanded value into `member`, a Value of the kind.
  Result<void> (*read)(void* member, std::string_view value, const Limits&, ValueContext&);
};

/// One parameter, or, without a name, the title of those that follow.
struct Row {
  Literal name;
  Literal initial;             ///< The default, not expanded.
  Literal text;                ///< What it changes for mail, or the title.
  const Kind* kind = nullptr;  ///< Null for a title.
  Limits limits{};
  std::uint16_t place = 0;  ///< Where the member is in its owner.
  bool of_service = false;  ///< Whether the owner is ServiceSettings or Settings.
  Reload reload = Reload::Live;

  [[nodiscard]] bool is_title() const { return kind == nullptr; }
  [[nodiscard]] bool per_service() const { return of_service; }
  /// Puts an expanded value where it belongs. Only for a row whose member that owner has.
  Result<void> read(Settings&, std::string_view value, ValueContext&) const;
  Result<void> read(ServiceSettings&, std::string_view value, ValueContext&) const;
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
