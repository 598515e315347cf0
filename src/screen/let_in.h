// SPDX-License-Identifier: Apache-2.0
// screen: networks the owner lets in while the service runs, whatever tests and lists say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/stamp.h"

namespace gatepost::screen {

/// `gatepost allow`. What is over is in it until expire() takes it out.
class LetIn {
 public:
  static constexpr std::size_t kMost = 1000;
  static constexpr Stamp kForGood = 0;

  struct Entry {
    Network network;
    Stamp until = kForGood;
  };

  /// One that is there gets the new time. False: there are too many.
  bool add(const Network& network, Stamp until);
  /// False: it is not there.
  bool remove(const Network& network);
  /// Networks whose time was over; they are gone.
  std::vector<Network> expire(Stamp now);

  /// The smallest network with the client in it; null: there is none.
  [[nodiscard]] const Entry* find(const IpAddress& client) const;
  [[nodiscard]] bool has(const IpAddress& client) const { return find(client) != nullptr; }
  /// Grows whenever they change.
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  /// As they were added.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
  std::uint64_t changes_ = 0;
};

/// "192.0.2.0/24"; a single address without its length. Network::parse() reads it.
[[nodiscard]] std::string shown_network(const Network& network);

}  // namespace gatepost::screen
