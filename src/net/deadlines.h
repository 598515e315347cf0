// SPDX-License-Identifier: Apache-2.0
// net: one timer for all waits of the loop.
#pragma once

#include <map>

#include <asio/io_context.hpp>

#include "base/loop.h"
#include "base/time.h"

namespace gatepost::net {

/// Something that waits and wants to be told when its time is up.
class Waiter {
 public:
  /// Called once, on the loop's thread, after the deadline passed. The wait is over then.
  virtual void time_is_up() = 0;

 protected:
  ~Waiter() = default;
};

/// Thousands of idle connections share one kernel timer: a steady_timer each would cost
/// more memory than the rest of an idle session. A wait is one node of a map.
class Deadlines {
 public:
  explicit Deadlines(asio::io_context& loop) : timer_(loop) {}
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  using Waits = std::multimap<Instant, Waiter*>;

  /// A place among the waits; leaves by itself when destroyed.
  class Ticket {
   public:
    Ticket(Deadlines& deadlines, Instant until, Waiter& waiter);
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    /// The time was up: the wait has left the map already.
    void spent() { in_ = false; }

   private:
    Deadlines& deadlines_;
    Waits::iterator place_;
    bool in_ = false;
  };

  /// No more callbacks; the loop can end.
  void stop();

 private:
  void arm(Instant until);
  void on_timer();

  Timer timer_;
  Waits waits_;
  Instant armed_ = kNever;  // When the timer fires; may be earlier than the first wait.
  bool stopped_ = false;
};

}  // namespace gatepost::net
