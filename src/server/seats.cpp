// SPDX-License-Identifier: Apache-2.0
// server: how many passwords are looked at together.
#include "server/seats.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>
#include <asio/this_coro.hpp>

#include "base/loop.h"

namespace gatepost::server {

class Seats::Place {
 public:
  Place(Seats& seats, Waiter& waiter)
      : seats_(seats), waiter_(waiter), at_(seats.waiting_.insert(seats.waiting_.end(), &waiter)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (waiter_.listed) seats_.waiting_.erase(at_);
  }

 private:
  Seats& seats_;
  const Waiter& waiter_;
  Line::iterator at_;  // Not when it was called.
};

Seats::Seat::Seat(Seat&& other) noexcept
    : seats_(std::exchange(other.seats_, nullptr)), network_(other.network_) {}

Seats::Seat::~Seat() {
  if (seats_ != nullptr) seats_->leave(network_);
}

bool Seats::is_free(const IpAddress& network) const {
  return sitting_.size() < kSeats && !sitting_.contains(network);
}

std::size_t Seats::count(const IpAddress& network) const {
  const auto same = [&network](const Waiter* one) { return one->guest.network == network; };
  return static_cast<std::size_t>(std::count_if(waiting_.begin(), waiting_.end(), same));
}

std::uint64_t Seats::next_turn(const IpAddress& network) const {
  std::uint64_t last = turn_;
  for (const Waiter* one : waiting_) {
    if (one->guest.network == network) last = std::max(last, one->turn);
  }
  return last + 1;
}

void Seats::call(Waiter& waiter) {
  waiter.listed = false;
  waiter.timer->cancel();
}

void Seats::dismiss_gone() {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    Waiter& waiter = **at;
    const bool gone = waiter.guest.wire != nullptr && waiter.guest.wire->is_gone();
    at = gone ? waiting_.erase(at) : std::next(at);
    if (gone) call(waiter);
  }
}

// Many connections of one network are cheap, connections of many networks less so.
bool Seats::make_room(const Guest& guest) {
  const bool crowded = count(guest.network) >= kMostOfNetwork;
  if (!crowded && waiting_.size() < kMostWaiting) return true;
  dismiss_gone();
  const std::size_t own = count(guest.network);
  if (own >= kMostOfNetwork) return false;
  if (waiting_.size() < kMostWaiting) return true;
  std::map<IpAddress, std::size_t> lines;
  auto longest = waiting_.end();
  std::size_t length = 0;
  for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
    const Guest& one = (*at)->guest;
    if (one.vouched) continue;
    const std::size_t now = ++lines[one.network];
    if (now < length) continue;
    length = now;
    longest = at;
  }
  if (longest == waiting_.end() || (!guest.vouched && length <= own + 1)) return false;
  Waiter& last = **longest;
  waiting_.erase(longest);
  call(last);
  return true;
}

Task<Seats::Seat> Seats::take(Guest guest) {
  if (is_free(guest.network)) {
    sitting_.insert(guest.network);
    co_return Seat(*this, guest.network);
  }
  if (!make_room(guest)) co_return Seat();
  const auto executor = co_await asio::this_coro::executor;
  Timer timer(executor, Timer::time_point::max());
  Waiter waiter{guest, &timer, next_turn(guest.network)};
  {
    const Place place(*this, waiter);
    const auto token = asio::as_tuple(asio::deferred);
    co_await timer.async_wait(token);
  }
  // leave() has sat us down.
  co_return waiter.seated ? Seat(*this, guest.network) : Seat();
}

Seats::Line::iterator Seats::find_next() {
  auto best = waiting_.end();
  for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
    const Waiter& one = **at;
    if (!is_free(one.guest.network)) continue;
    const bool first = best == waiting_.end();
    const bool favoured = !first && one.guest.vouched != (*best)->guest.vouched;
    const bool before = favoured ? one.guest.vouched : first || one.turn < (*best)->turn;
    if (before) best = at;
  }
  return best;
}

void Seats::leave(const IpAddress& network) {
  sitting_.erase(network);
  for (auto next = find_next(); next != waiting_.end(); next = find_next()) {
    Waiter& waiter = **next;
    waiting_.erase(next);
    waiter.seated = waiter.guest.wire == nullptr || !waiter.guest.wire->is_gone();
    if (waiter.seated) {
      sitting_.insert(waiter.guest.network);
      if (!waiter.guest.vouched) turn_ = std::max(turn_, waiter.turn);
    }
    call(waiter);
  }
}

}  // namespace gatepost::server
