// SPDX-License-Identifier: Apache-2.0
// server: how many passwords are looked at together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <set>

#include "base/address.h"
#include "base/loop.h"
#include "base/task.h"
#include "base/wire.h"

namespace gatepost::server {

/// A password costs milliseconds of a processor, on purpose, and a stranger decides when. So few
/// are looked at together, and of each client network one at a time: a flood from one network
/// waits for itself, and the clerk's other threads go on storing mail.
///
/// Networks take turns, so that who comes waits for one of each other network at most, however long
/// their lines are; a vouched user before all who are not. When all places are taken the last of
/// the longest line goes. Who hung up while waiting is not served.
class Seats {
 public:
  static constexpr std::size_t kSeats = 2;
  static constexpr std::size_t kMostWaiting = 512;
  static constexpr std::size_t kMostOfNetwork = 64;  ///< Waiting.

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

  struct Guest {
    IpAddress network;     ///< Masked.
    bool vouched = false;  ///< The user has logged in from there lately.
    Wire* wire = nullptr;  ///< Asked whether the peer is still there; may be null.
  };

  /// Waits for a seat. The seats and the wire outlive the caller.
  Task<Seat> take(Guest guest);

  [[nodiscard]] std::size_t taken() const { return sitting_.size(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiter {
    Guest guest;
    Timer* timer;
    std::uint64_t turn = 0;  // Of its network: each that waits before it is a turn earlier.
    bool seated = false;
    bool listed = true;
  };
  using Line = std::list<Waiter*>;
  /// In the list for as long as its task waits.
  class Place;

  [[nodiscard]] bool is_free(const IpAddress& network) const;
  [[nodiscard]] std::uint64_t next_turn(const IpAddress& network) const;
  [[nodiscard]] std::size_t count(const IpAddress& network) const;
  [[nodiscard]] bool make_room(const Guest& guest);
  void dismiss_gone();
  [[nodiscard]] Line::iterator find_next();
  static void call(Waiter& waiter);
  void leave(const IpAddress& network);

  std::set<IpAddress> sitting_;
  Line waiting_;            // As they came.
  std::uint64_t turn_ = 0;  // The latest that was served.
};

}  // namespace gatepost::server
