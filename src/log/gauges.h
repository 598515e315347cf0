// SPDX-License-Identifier: Apache-2.0
// log: the few numbers that are a state, not a sum of events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::log {

/// Sessions that are in one phase now: "greeting", "command", "data", "tls" ...
struct PhaseGauge {
  std::string phase;
  std::uint64_t sessions = 0;
};

/// Seconds until a certificate expires; negative when it has.
struct CertificateGauge {
  std::string file;
  std::int64_t expires_in = 0;
};

/// Questions to DNS since the start.
struct DnsGauge {
  std::string servers;          ///< As they are asked, separated by commas.
  std::uint64_t questions = 0;  ///< All.
  std::uint64_t cached = 0;     ///< Answered from what was remembered.
  std::uint64_t joined = 0;     ///< Waited for the answer to the same question.
  std::uint64_t sent = 0;       ///< Went to the servers.
  std::uint64_t failed = 0;     ///< Of these, the ones nobody could answer.
  std::uint64_t under_way = 0;  ///< Now.
  std::uint64_t cache_octets = 0;
};

/// A DNS list about which clients are asked.
struct ListGauge {
  std::string zone;
  std::string fault;  ///< Why it is muted.
  std::uint64_t questions = 0, hits = 0, failures = 0;
  bool muted = false;
};

/// Screening.
struct ScreenGauge {
  bool on = false;
  bool stressed = false;
  std::uint64_t under_test = 0;  ///< Connections.
  std::uint64_t clients = 0;     ///< Remembered, as of some seconds ago.
  std::vector<ListGauge> lists;
};

/// One reading of all gauges.
struct Gauges {
  std::vector<PhaseGauge> sessions;
  std::uint64_t queue_items = 0;
  std::uint64_t queue_octets = 0;
  std::uint64_t queue_oldest_seconds = 0;     ///< Age of the oldest item; 0 when there is none.
  std::uint64_t memory_octets = 0;            ///< Resident set of the process.
  std::uint64_t memory_limit = 0;             ///< 0: none.
  std::optional<std::uint64_t> storage_free;  ///< Octets free below queue_directory.
  std::vector<CertificateGauge> certificates;
  DnsGauge dns;
  ScreenGauge screen;
  std::optional<std::uint64_t> triplets;  ///< Of greylisting, as of the last attempt.
  std::uint64_t uptime_seconds = 0;
};

}  // namespace gatepost::log
