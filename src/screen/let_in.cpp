// SPDX-License-Identifier: Apache-2.0
// screen: networks the owner lets in while the service runs, whatever tests and lists say.
#include "screen/let_in.h"

#include <algorithm>

namespace gatepost::screen {

bool LetIn::add(const Network& network, Stamp until) {
  ++changes_;
  for (Entry& entry : entries_) {
    if (entry.network != network) continue;
    entry.until = until;
    return true;
  }
  if (entries_.size() >= kMost) return false;
  entries_.push_back({network, until});
  return true;
}

bool LetIn::remove(const Network& network) {
  ++changes_;
  return std::erase_if(entries_, [&](const Entry& one) { return one.network == network; }) > 0;
}

std::vector<Network> LetIn::expire(Stamp now) {
  std::vector<Network> out;
  std::erase_if(entries_, [&](const Entry& one) {
    const bool over = one.until != kForGood && one.until <= now;
    if (over) out.push_back(one.network);
    return over;
  });
  changes_ += out.size();
  return out;
}

const LetIn::Entry* LetIn::find(const IpAddress& client) const {
  const Entry* out = nullptr;
  for (const Entry& entry : entries_) {
    if (!entry.network.contains(client)) continue;
    if (out == nullptr || entry.network.prefix > out->network.prefix) out = &entry;
  }
  return out;
}

std::string shown_network(const Network& network) {
  return network.prefix == network.address.bits() ? network.address.text() : network.text();
}

}  // namespace gatepost::screen
