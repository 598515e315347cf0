// SPDX-License-Identifier: Apache-2.0
// front: what the screening of all connections shares.
#include "front/screener.h"

#include "front/screen_gate.h"
#include "log/screen_events.h"

namespace gatepost::front {

void Screener::configure(std::shared_ptr<const server::Profile> profile) {
  profile_ = std::move(profile);
  update_stress();
}

std::unique_ptr<server::Gate> Screener::make_gate() {
  return std::make_unique<ScreenGate>(*this, profile_);
}

bool Screener::begin_test() {
  const std::uint32_t limit = profile_->screen.pre_queue_limit;
  if (shedding_ || (limit != 0 && under_test_ >= limit)) return false;
  ++under_test_;
  update_stress();
  return true;
}

void Screener::end_test() {
  --under_test_;
  update_stress();
}

void Screener::update_stress() {
  const auto changed = stress_.update(under_test_, profile_->screen.pre_queue_limit);
  if (changed) world_.floor.log.emit(log::ScreenStress{*changed, under_test_});
}

bool Screener::may_use_lane(const IpAddress& client, Instant now) {
  const IpAddress network = client.masked(client.is_v4() ? 24 : 64);
  if (const auto at = lanes_.find(network); at != lanes_.end()) {
    if (now < at->second + kLaneTime) return false;
    at->second = now;
    return true;
  }
  if (lanes_.size() >= kMostLanes) {
    std::erase_if(lanes_, [now](const auto& lane) { return now >= lane.second + kLaneTime; });
  }
  // A flood from networks without number does not make postmaster deaf to all: it waits a minute.
  if (lanes_.size() >= kMostLanes) return false;
  lanes_.emplace(network, now);
  return true;
}

}  // namespace gatepost::front
