// SPDX-License-Identifier: Apache-2.0
// server: who is here, by client network, and who goes first when room is short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/address.h"

namespace gatepost::server {

class Session;

/// Counts connections. All calls take a time that does not grow with their number, but for one
/// look-up among the networks.
class Crowd {
  struct Network;
  using Networks = std::map<IpAddress, Network>;

 public:
  /// One connection's. Leaves with its end; the crowd outlives it.
  class Place {
   public:
    explicit Place(Session* who = nullptr) : who_(who) {}
    ~Place() { leave(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    /// It is no candidate any more.
    void prove();
    void leave();
    [[nodiscard]] Session* who() const { return who_; }

   private:
    friend class Crowd;
    Session* who_;
    Crowd* crowd_ = nullptr;  // Null: it is nowhere.
    Networks::iterator network_;
    Place* older_ = nullptr;  // Of the unproven of its network.
    Place* newer_ = nullptr;
    bool unproven_ = false;
  };

  /// `place` is nowhere yet.
  void enter(Place& place, const IpAddress& network, bool unproven);
  /// Connections of `network`.
  [[nodiscard]] std::uint32_t open(const IpAddress& network) const;
  /// Who makes room for a newcomer of `newcomer`: the oldest unproven one of the network that has
  /// most of them, which is its own where no other has more. Null: all have proved themselves.
  [[nodiscard]] Place* choose(const IpAddress& newcomer);

 private:
  struct Network {
    std::uint32_t open = 0;
    std::uint32_t unproven = 0;
    Place* oldest = nullptr;
    Place* newest = nullptr;
    Network* before = nullptr;  // A ring of those with as many unproven ones.
    Network* after = nullptr;
  };

  void link(Network& network);
  void unlink(Network& network);
  void remove(Place& place);

  Networks networks_;
  /// The first of each ring, by the number of unproven ones; the last element is none of the null
  /// ones, and the first is not used.
  std::vector<Network*> rings_;
};

}  // namespace gatepost::server
