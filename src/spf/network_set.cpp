// SPDX-License-Identifier: Apache-2.0
// spf: networks in order, each with where it comes from.
#include "spf/network_set.h"

#include <algorithm>
#include <compare>
#include <utility>

namespace gatepost::spf {
namespace {

using Listed = NetworkSet::Listed;

IpAddress base_of(const Network& network) {
  return network.address.masked(network.prefix);
}

bool covers(const Network& wide, const IpAddress& address) {
  return wide.address.family() == address.family() && address.masked(wide.prefix) == base_of(wide);
}

bool are_halves(const Listed& a, const Listed& b) {
  const unsigned prefix = a.network.prefix;
  return a.source == b.source && prefix > 0 && prefix == b.network.prefix &&
         a.network.address.family() == b.network.address.family() &&
         a.network.address.masked(prefix - 1) == b.network.address.masked(prefix - 1);
}

}  // namespace

std::uint32_t NetworkSet::add_source(std::string chain) {
  const auto known = std::find(sources_.begin(), sources_.end(), chain);
  const auto at = static_cast<std::uint32_t>(known - sources_.begin());
  if (known == sources_.end()) sources_.push_back(std::move(chain));
  return at;
}

void NetworkSet::add_all(const NetworkSet& other) {
  std::vector<std::uint32_t> ours;
  for (const std::string& chain : other.sources_) ours.push_back(add_source(chain));
  for (const Listed& one : other.networks_) add(one.network, ours[one.source]);
}

void NetworkSet::settle() {
  std::sort(networks_.begin(), networks_.end(), [](const Listed& a, const Listed& b) {
    const auto order = base_of(a.network) <=> base_of(b.network);
    return std::is_neq(order) ? std::is_lt(order) : a.network.prefix < b.network.prefix;
  });
  // What is kept is in order and apart, so that only the last one can cover the next, or be the
  // other half of it.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < networks_.size(); ++i) {
    const Listed one = networks_[i];
    if (kept > 0 && covers(networks_[kept - 1].network, one.network.address)) continue;
    networks_[kept++] = one;
    while (kept > 1 && are_halves(networks_[kept - 2], networks_[kept - 1])) {
      Network& joined = networks_[kept - 2].network;
      --joined.prefix;
      joined.address = base_of(joined);
      --kept;
    }
  }
  networks_.resize(kept);
  networks_.shrink_to_fit();
}

const Listed* NetworkSet::find(const IpAddress& address) const {
  const auto after =
      std::upper_bound(networks_.begin(), networks_.end(), address,
                       [](const IpAddress& a, const Listed& b) { return a < base_of(b.network); });
  if (after == networks_.begin()) return nullptr;
  const Listed& candidate = *(after - 1);
  return covers(candidate.network, address) ? &candidate : nullptr;
}

std::string format_network(const Network& network) {
  return network.prefix == network.address.bits() ? network.address.text() : network.text();
}

}  // namespace gatepost::spf
