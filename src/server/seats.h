// SPDX-License-Identifier: Apache-2.0
// server: how many passwords are looked at together.
#pragma once

#include <cstddef>
#include <list>
#include <set>

#include <asio/steady_timer.hpp>

#include "base/address.h"
#include "base/task.h"

namespace gatepost::server {

/// A password costs milliseconds of a processor, on purpose, and a stranger decides when. So few
/// are looked at together, and of each client network one at a time: a flood from one network
/// waits for itself, and the clerk's other threads go on storing mail.
class Seats {
 public:
  static constexpr std::size_t kSeats = 2;
  static constexpr std::size_t kMostWaiting = 256;

  /// A seat taken; given back when it goes. Without one, too many wait already.
  class Seat {
   public:
    Seat() = default;
    Seat(Seats& seats, const IpAddress& network) : seats_(&seats), network_(network) {}
    Seat(Seat&& other) noexcept;
    Seat& operator=(Seat&&) = delete;
    ~Seat();
    explicit operator bool() const { return seats_ != nullptr; }

   private:
    Seats* seats_ = nullptr;
    IpAddress network_;
  };

  /// Waits for a seat. `network` is masked; the seats outlive the caller.
  Task<Seat> take(IpAddress network);

  [[nodiscard]] std::size_t taken() const { return sitting_.size(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiter {
    IpAddress network;
    asio::steady_timer* timer;
    bool called = false;
  };
  /// In the list for as long as its task waits.
  class Place;

  [[nodiscard]] bool is_free(const IpAddress& network) const;
  void leave(const IpAddress& network);

  std::set<IpAddress> sitting_;
  std::list<Waiter*> waiting_;  // First come, first served, among those whose network sits not.
};

}  // namespace gatepost::server
