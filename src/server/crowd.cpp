// SPDX-License-Identifier: Apache-2.0
// server: who is here, by client network, and who goes first when room is short.
#include "server/crowd.h"

namespace gatepost::server {

void Crowd::Place::prove() {
  if (crowd_ != nullptr && unproven_) crowd_->remove(*this);
}

void Crowd::Place::leave() {
  if (crowd_ == nullptr) return;
  prove();
  if (--network_->second.open == 0) crowd_->networks_.erase(network_);
  crowd_ = nullptr;
}

void Crowd::enter(Place& place, const IpAddress& network, bool unproven) {
  place.network_ = networks_.try_emplace(network).first;
  place.crowd_ = this;
  Network& its = place.network_->second;
  ++its.open;
  if (!unproven) return;
  place.unproven_ = true;
  place.older_ = its.newest;
  place.newer_ = nullptr;
  (its.newest != nullptr ? its.newest->newer_ : its.oldest) = &place;
  its.newest = &place;
  unlink(its);
  ++its.unproven;
  link(its);
}

void Crowd::remove(Place& place) {
  Network& its = place.network_->second;
  (place.older_ != nullptr ? place.older_->newer_ : its.oldest) = place.newer_;
  (place.newer_ != nullptr ? place.newer_->older_ : its.newest) = place.older_;
  place.unproven_ = false;
  unlink(its);
  --its.unproven;
  link(its);
}

void Crowd::link(Network& network) {
  if (network.unproven == 0) return;
  if (rings_.size() <= network.unproven) rings_.resize(network.unproven + 1, nullptr);
  Network*& first = rings_[network.unproven];
  if (first == nullptr) {
    first = network.before = network.after = &network;
    return;
  }
  network.after = first;
  network.before = first->before;
  network.before->after = &network;
  first->before = &network;
}

void Crowd::unlink(Network& network) {
  if (network.unproven == 0) return;
  Network*& first = rings_[network.unproven];
  network.before->after = network.after;
  network.after->before = network.before;
  if (first == &network) first = network.after == &network ? nullptr : network.after;
  // A number changes by one: the next ring has somebody in it, or is about to.
  while (!rings_.empty() && rings_.back() == nullptr) rings_.pop_back();
}

std::uint32_t Crowd::open(const IpAddress& network) const {
  const auto found = networks_.find(network);
  return found == networks_.end() ? 0 : found->second.open;
}

Crowd::Place* Crowd::choose(const IpAddress& newcomer) {
  if (rings_.empty()) return nullptr;
  const auto own = networks_.find(newcomer);
  const bool leads = own != networks_.end() && own->second.unproven + 1 == rings_.size();
  return leads ? own->second.oldest : rings_.back()->oldest;
}

}  // namespace gatepost::server
