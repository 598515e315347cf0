// SPDX-License-Identifier: Apache-2.0
// log: what every event says about itself.
#pragma once

#include <cstdint>
#include <string_view>

namespace gatepost::log {

/// Says who acts. The order is that of importance.
enum class Level : std::uint8_t {
  Debug,    ///< A developer, when asked.
  Info,     ///< Nobody; the record.
  Warning,  ///< The owner, this week.
  Error,    ///< The owner, now: a promise is at risk.
};

struct About {
  std::string_view name;  ///< Stable: the "event" of a JSON line and the label of the counter.
  Level level = Level::Info;
  std::string_view tag;   ///< The Postfix daemon that would have written the line.
  std::string_view text;  ///< What the operator should understand, and do.
};

/// "debug", "info", "warning", "error".
[[nodiscard]] constexpr std::string_view format_level(Level level) {
  switch (level) {
    case Level::Debug:
      return "debug";
    case Level::Info:
      return "info";
    case Level::Warning:
      return "warning";
    case Level::Error:
      return "error";
  }
  __builtin_unreachable();
}

}  // namespace gatepost::log
