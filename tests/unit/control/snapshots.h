// SPDX-License-Identifier: Apache-2.0
// tests: a service as control sees it, and items of its queue.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "control/snapshot.h"
#include "queue/item.h"

namespace gatepost::control::test {

/// 2026-11-21 05:40:07 UTC
inline constexpr Moment kNow{std::chrono::seconds{1795239607}};

inline StatusSnapshot snapshot() {
  StatusSnapshot out;
  out.version = "0.1.0";
  out.pid = 412;
  out.phase = "running";
  out.started = kNow - std::chrono::hours{3} - std::chrono::minutes{12};
  out.now = kNow;
  out.utc_offset = std::chrono::hours{1};
  out.hostname = "mx.example";
  out.configuration = "/etc/gatepost/gatepost.conf";
  out.listeners = {{"smtp", "0.0.0.0:25"}, {"smtp", "[::]:25"}, {"submission", "0.0.0.0:587"}};
  out.gauges.sessions = {{"command", 2}, {"data", 1}, {"tls", 0}};
  out.gauges.queue_items = 2;
  out.gauges.queue_octets = 5000;
  out.gauges.queue_oldest_seconds = 90;
  out.gauges.memory_octets = 4 * 1024 * 1024;
  out.gauges.storage_free = 12ULL * 1024 * 1024 * 1024;
  out.gauges.certificates = {{"/etc/ssl/a.pem", 90 * 86400}};
  out.gauges.uptime_seconds = 11520;
  return out;
}

inline queue::Destination destination(std::string local,
                                      std::string reason = {},
                                      queue::State state = queue::State::Waiting) {
  queue::Destination out;
  out.recipient.mailbox = {std::move(local), "x.example"};
  out.reason = std::move(reason);
  out.state = state;
  return out;
}

inline queue::Item item(std::string id, std::uint64_t octets) {
  queue::Item out;
  out.id = std::move(id);
  out.arrived = kNow;
  out.octets = octets;
  out.sender = {"s", "y.example"};
  out.destinations.push_back(destination("one"));
  return out;
}

}  // namespace gatepost::control::test
