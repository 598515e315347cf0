// SPDX-License-Identifier: Apache-2.0
// control: what the service tells about itself, as values at one moment.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "log/gauges.h"

namespace gatepost::control {

struct ListenerStatus {
  std::string service;  ///< "smtp", "submission", "submissions"
  std::string address;  ///< "127.0.0.1:2525"
};

struct StatusSnapshot {
  std::string version;
  std::uint32_t pid = 0;
  std::string phase;  ///< "running" or "stopping"
  Moment started{};
  Moment now{};
  std::chrono::seconds utc_offset{0};  ///< Local time minus UTC, for what a person reads.
  std::string hostname;                ///< myhostname
  std::string configuration;           ///< The file's path.
  std::vector<ListenerStatus> listeners;
  log::Gauges gauges;
  std::vector<std::string> problems;  ///< The last errors, oldest first (Log::problems()).
};

}  // namespace gatepost::control
