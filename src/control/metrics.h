// SPDX-License-Identifier: Apache-2.0
// control: all counters and gauges, for monitoring.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "control/snapshot.h"
#include "log/counters.h"

namespace gatepost::control {

enum class MetricType : std::uint8_t { Counter, Gauge, Histogram, Info };

/// One metric family. The manual is printed from these rows as well.
struct MetricRow {
  std::string_view name;  ///< As in `# TYPE`: without "_total", "_info".
  MetricType type = MetricType::Gauge;
  std::string_view unit;    ///< "bytes", "seconds" or empty; the name ends in it.
  std::string_view labels;  ///< "listener", "stage, code" or empty.
  std::string_view help;
};

[[nodiscard]] std::span<const MetricRow> metric_rows();
/// "counter", "gauge", "histogram", "info"
[[nodiscard]] std::string_view format_type(MetricType type);

/// OpenMetrics 1.0 text, ending in "# EOF". Every family is there, also without a sample.
[[nodiscard]] std::string format_metrics(const StatusSnapshot& snapshot,
                                         const log::Counters& counters);
/// The same samples as one JSON object: {"NAME":[{"labels":{...},"value":N}, ...], ...}. NAME is
/// the sample's name, so with "_total", "_bucket" and so on.
[[nodiscard]] std::string format_metrics_json(const StatusSnapshot& snapshot,
                                              const log::Counters& counters);

}  // namespace gatepost::control
