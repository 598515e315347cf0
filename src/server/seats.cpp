// SPDX-License-Identifier: Apache-2.0
// server: how many passwords are looked at together.
#include "server/seats.h"

#include <utility>

#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>
#include <asio/this_coro.hpp>

namespace gatepost::server {

class Seats::Place {
 public:
  Place(Seats& seats, Waiter& waiter)
      : seats_(seats), waiter_(waiter), at_(seats.waiting_.insert(seats.waiting_.end(), &waiter)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (!waiter_.called) seats_.waiting_.erase(at_);
  }

 private:
  Seats& seats_;
  const Waiter& waiter_;
  std::list<Waiter*>::iterator at_;  // Not when it was called.
};

Seats::Seat::Seat(Seat&& other) noexcept
    : seats_(std::exchange(other.seats_, nullptr)), network_(other.network_) {}

Seats::Seat::~Seat() {
  if (seats_ != nullptr) seats_->leave(network_);
}

bool Seats::is_free(const IpAddress& network) const {
  return sitting_.size() < kSeats && !sitting_.contains(network);
}

Task<Seats::Seat> Seats::take(IpAddress network) {
  if (is_free(network)) {
    sitting_.insert(network);
    co_return Seat(*this, network);
  }
  if (waiting_.size() >= kMostWaiting) co_return Seat();
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
  Waiter waiter{network, &timer};
  {
    const Place place(*this, waiter);
    const auto token = asio::as_tuple(asio::deferred);
    co_await timer.async_wait(token);
  }
  // leave() has sat us down.
  co_return waiter.called ? Seat(*this, network) : Seat();
}

void Seats::leave(const IpAddress& network) {
  sitting_.erase(network);
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    Waiter& waiter = **at;
    if (!is_free(waiter.network)) {
      ++at;
      continue;
    }
    sitting_.insert(waiter.network);
    waiter.called = true;
    at = waiting_.erase(at);
    waiter.timer->cancel();
  }
}

}  // namespace gatepost::server
