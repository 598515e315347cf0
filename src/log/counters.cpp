// SPDX-License-Identifier: Apache-2.0
// log: the numbers that events add up to.
#include "log/counters.h"

#include <algorithm>

namespace gatepost::log {

namespace {

constexpr std::array<FamilyRow, kFamilyCount> kFamilies{{
    {"gatepost_connections", "Connections let in.", "listener", ""},
    {"gatepost_messages_received", "Messages stored and answered 250.", "listener", ""},
    {"gatepost_rejects", "Commands and messages refused.", "stage", "code"},
    {"gatepost_tls_handshakes", "TLS handshakes of clients.", "version", "result"},
    {"gatepost_auth_attempts", "Logins that were tried.", "mechanism", "result"},
    {"gatepost_delivery_attempts", "Attempts to deliver to one recipient.", "transport", "status"},
    {"gatepost_screening", "Tests failed and verdicts given while screening.", "what", ""},
}};

constexpr std::uint64_t kKib = 1024 * 1000;  // In thousandths of an octet.
constexpr std::array<std::uint64_t, 9> kSizeBounds{kKib,        4 * kKib,     16 * kKib,
                                                   64 * kKib,   256 * kKib,   1024 * kKib,
                                                   4096 * kKib, 16384 * kKib, 65536 * kKib};
constexpr std::array<std::uint64_t, 10> kDelayBounds{5,   10,   25,     50,     100,
                                                     500, 1000, 10'000, 60'000, 600'000};

constexpr std::size_t kMostSeries = 64;

Histogram make_histogram(std::span<const std::uint64_t> bounds) {
  return {.bounds = bounds, .buckets = std::vector<std::uint64_t>(bounds.size() + 1)};
}

}  // namespace

const FamilyRow& describe(Family family) {
  return kFamilies[static_cast<std::size_t>(family)];
}

void Histogram::add(std::uint64_t value) {
  const auto at = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
  ++buckets[static_cast<std::size_t>(at)];
  sum += value;
  ++count;
}

Counters::Counters() : sizes_(make_histogram(kSizeBounds)), delays_(make_histogram(kDelayBounds)) {}

void Counters::add(Family family, std::string_view first, std::string_view second) {
  auto& all = families_[static_cast<std::size_t>(family)];
  const auto same = [&](const Series& one) { return one.first == first && one.second == second; };
  auto found = std::find_if(all.begin(), all.end(), same);
  if (found == all.end() && all.size() >= kMostSeries) {
    first = "other";
    second = describe(family).second.empty() ? "" : "other";
    found = std::find_if(all.begin(), all.end(), same);
  }
  if (found == all.end()) {
    all.push_back({.first = std::string(first), .second = std::string(second)});
    found = all.end() - 1;
  }
  ++found->value;
}

const std::vector<Series>& Counters::series(Family family) const {
  return families_[static_cast<std::size_t>(family)];
}

std::uint64_t Counters::total(Family family, std::string_view first) const {
  std::uint64_t sum = 0;
  for (const Series& one : series(family)) {
    if (first.empty() || one.first == first) sum += one.value;
  }
  return sum;
}

}  // namespace gatepost::log
