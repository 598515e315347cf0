// SPDX-License-Identifier: Apache-2.0
// screen: what the answers of all lists about one client come to.
#include "screen/score.h"

#include <algorithm>
#include <chrono>

namespace gatepost::screen {

namespace {

/// The lesser of two times of which zero is none.
std::uint32_t lesser(std::uint32_t a, std::uint32_t b) {
  if (a == 0 || b == 0) return a + b;
  return std::min(a, b);
}

std::uint32_t whole_seconds(Duration time) {
  constexpr Duration::rep kMost = 0x7FFFFFFF;
  if (time <= Duration::zero()) return 0;
  // Less than a second is known all the same.
  return static_cast<std::uint32_t>(std::clamp<Duration::rep>(time.count() / 1000, 1, kMost));
}

}  // namespace

Finding find_weight(const Sites::Zone& zone, const ListAnswer& answer) {
  Finding out;
  if (answer.kind == ListAnswer::Kind::Failed) {
    out.kind = Finding::Kind::Failed;
    return out;
  }
  const bool listed = answer.kind == ListAnswer::Kind::Listed;
  out.kind = listed ? Finding::Kind::Listed : Finding::Kind::NotListed;
  for (const Sites::Entry& entry : zone.entries) {
    const bool matches = listed && std::any_of(answer.addresses.begin(), answer.addresses.end(),
                                               [&entry](const IpAddress& address) {
                                                 return entry.pattern.matches(address);
                                               });
    if (matches) {
      out.largest = out.matched ? std::max(out.largest, entry.weight) : entry.weight;
      out.matched = true;
      out.weight += entry.weight;
    }
    if (matches ? entry.weight < 0 : entry.weight > 0) out.pass_ttl = whole_seconds(answer.ttl);
  }
  return out;
}

Score add_up(const Sites& sites, std::span<const Finding> findings, ZoneSet counting) {
  Score out;
  std::int32_t largest = 0;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const Sites::Zone& zone = sites.zones()[i];
    const std::int32_t positive = zone.positive();
    out.all_weight += positive;
    const bool counts = i < findings.size() && (counting & zone_bit(i)) != 0;
    if (!counts || !findings[i].answered()) {
      out.missing_good += zone.negative();
      continue;
    }
    const Finding& finding = findings[i];
    out.answered |= zone_bit(i);
    out.heard_weight += positive;
    out.total += finding.weight;
    out.pass_ttl = lesser(out.pass_ttl, finding.pass_ttl);
    if (!finding.matched) continue;
    if (out.named == Sites::kMostZones || finding.largest > largest) {
      out.named = i;
      largest = finding.largest;
    }
    out.matched |= zone_bit(i);
  }
  return out;
}

Duration pass_lifetime(const Score& score, Duration least, Duration most) {
  if (score.pass_ttl == 0) return least;
  // The least wins over a most that is less.
  return std::max(least, std::min<Duration>(most, std::chrono::seconds(score.pass_ttl)));
}

Ruling rule(const Score& score, const Thresholds& thresholds) {
  Ruling out;
  out.threshold = std::max(thresholds.reject, 1);
  const std::int32_t missing = score.all_weight - score.heard_weight;
  if (thresholds.outage == OutagePolicy::Scale && missing > 0) {
    const std::int64_t part = std::int64_t{out.threshold} * score.heard_weight;
    const std::int64_t scaled = (part + score.all_weight - 1) / score.all_weight;
    out.threshold = std::max(static_cast<std::int32_t>(scaled), 1);
  }
  out.listed = score.total >= out.threshold;
  const bool might_be_cleared = out.listed && score.total + score.missing_good < out.threshold;
  if (might_be_cleared && thresholds.outage == OutagePolicy::FailOpen) out.listed = false;
  out.deferred = might_be_cleared && thresholds.outage == OutagePolicy::GreylistInstead;
  out.allowed = thresholds.allow < 0 && score.total <= thresholds.allow;
  // Lists that could not have made it a listing are no reason for doubt.
  out.doubtful = thresholds.outage == OutagePolicy::GreylistInstead && missing > 0 && !out.listed &&
                 !out.allowed && std::int64_t{score.total} + missing >= out.threshold;
  return out;
}

}  // namespace gatepost::screen
