// SPDX-License-Identifier: Apache-2.0
// net: a TCP connection as a Wire in the clear.
#include "net/connection.h"

#include <cerrno>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <system_error>
#include <tuple>

#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>

#include "base/loop.h"

namespace gatepost::net {

Connection::Connection(TcpSocket socket, Deadlines& deadlines)
    : socket_(std::move(socket)), deadlines_(deadlines) {
  std::error_code ignored;
  socket_.non_blocking(true, ignored);
  // Replies are short and the peer waits for each; Nagle's delay would add 40 ms to every one.
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

// Waiting is written out here and not a task of its own: ten thousand idle connections stand
// in this one place, and each frame less is memory for another two thousand.
Task<FillResult> Connection::fill(std::span<char> buffer, Instant until) {
  for (;;) {
    if (gone_) co_return FillResult{Fill::Closed, 0};
    const auto got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) co_return FillResult{Fill::Data, static_cast<std::size_t>(got)};
    const bool empty = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    if (!empty) co_return FillResult{Fill::Closed, 0};
    Deadlines::Ticket ticket(deadlines_, until, *this);
    begin_wait(ticket, /*interruptible=*/true);
    const auto token = asio::as_tuple(asio::deferred);
    const auto ended = co_await socket_.async_wait(TcpSocket::wait_read, token);
    const bool ready = end_wait(!std::get<0>(ended));
    if (!ready && late_) co_return FillResult{Fill::Timeout, 0};
    if (!ready) co_return FillResult{Fill::Closed, 0};
  }
}

void Connection::begin_wait(Deadlines::Ticket& ticket, bool interruptible) {
  interruptible_ = interruptible;
  late_ = false;
  ticket_ = &ticket;
}

bool Connection::end_wait(bool ready) {
  ticket_ = nullptr;
  return ready && !gone_;
}

Task<bool> Connection::send(std::string_view octets, Instant until) {
  while (!octets.empty()) {
    if (gone_) co_return false;
    const auto sent =
        ::send(socket_.native_handle(), octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      octets.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) co_return false;
    Deadlines::Ticket ticket(deadlines_, until, *this);
    begin_wait(ticket, /*interruptible=*/false);
    const auto token = asio::as_tuple(asio::deferred);
    const auto ended = co_await socket_.async_wait(TcpSocket::wait_write, token);
    const bool ready = end_wait(!std::get<0>(ended));
    if (!ready) co_return false;
  }
  co_return true;
}

bool Connection::has_input() {
  int waiting = 0;
  return !gone_ && ::ioctl(socket_.native_handle(), FIONREAD, &waiting) == 0 && waiting > 0;
}

// A peer that closed leaves a close_notify unread, so that no read says that it went.
bool Connection::is_gone() {
#ifdef POLLRDHUP
  constexpr short kHungUp = POLLRDHUP;
#else
  constexpr short kHungUp = 0;  // POLLHUP and POLLERR are told anyway.
#endif
  pollfd one{};
  one.fd = socket_.native_handle();
  one.events = kHungUp;
  return gone_ || ::poll(&one, 1, 0) > 0;
}

void Connection::send_at_once(std::string_view octets) {
  if (gone_) return;
  [[maybe_unused]] const auto sent =
      ::send(socket_.native_handle(), octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Connection::close() {
  std::error_code ignored;
  socket_.shutdown(TcpSocket::shutdown_send, ignored);
}

void Connection::abandon() {
  gone_ = true;
  std::error_code ignored;
  socket_.cancel(ignored);
}

void Connection::hang_up() {
  gone_ = true;
  std::error_code ignored;
  socket_.shutdown(TcpSocket::shutdown_send, ignored);
  socket_.close(ignored);
}

void Connection::wake() {
  if (ticket_ != nullptr && interruptible_) end_late();
}

void Connection::end_late() {
  late_ = true;
  std::error_code ignored;
  socket_.cancel(ignored);
}

void Connection::time_is_up() {
  ticket_->spent();
  end_late();
}

}  // namespace gatepost::net
