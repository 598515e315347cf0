// SPDX-License-Identifier: Apache-2.0
// spf: networks in order, each with where it comes from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"

namespace gatepost::spf {

/// Filled by add(), then settled once; find() is of use after that.
class NetworkSet {
 public:
  struct Listed {
    Network network;  ///< Its host bits may be set: what was written, where that was wished.
    std::uint32_t source = 0;  ///< Into sources().
  };

  /// Where what is added next comes from: "google.com > _spf.google.com".
  std::uint32_t add_source(std::string chain);
  void add(const Network& network, std::uint32_t source) { networks_.push_back({network, source}); }
  void add_all(const NetworkSet& other);
  /// In order of addresses; what lies within another is gone, and two halves of one network with the
  /// same source are one. Host bits that stay stand for no more than without them.
  void settle();

  /// By binary search; null when it is in none.
  [[nodiscard]] const Listed* find(const IpAddress& address) const;
  [[nodiscard]] const std::vector<Listed>& networks() const { return networks_; }
  [[nodiscard]] const std::vector<std::string>& sources() const { return sources_; }
  [[nodiscard]] std::size_t size() const { return networks_.size(); }

 private:
  std::vector<Listed> networks_;
  std::vector<std::string> sources_;
};

/// "192.0.2.0/24", and a single address without its length.
[[nodiscard]] std::string format_network(const Network& network);

}  // namespace gatepost::spf
