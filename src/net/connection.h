// SPDX-License-Identifier: Apache-2.0
// net: a TCP connection as a Wire in the clear.
#pragma once

#include <asio/ip/tcp.hpp>

#include "base/address.h"
#include "base/loop.h"
#include "base/wire.h"
#include "net/deadlines.h"

namespace gatepost::net {

/// Holds no buffer: input is read into the caller's when the socket is readable, so an
/// idle connection pins none.
class Connection final : public Wire, private Waiter {
 public:
  /// `socket` is connected; made non-blocking here. `deadlines` outlives the connection.
  Connection(TcpSocket socket, Deadlines& deadlines);

  Task<FillResult> fill(std::span<char> buffer, Instant until) override;
  Task<bool> send(std::string_view octets, Instant until) override;
  bool has_input() override;
  [[nodiscard]] bool is_gone() override;
  void send_at_once(std::string_view octets) override;
  /// Says that nothing more will be sent; the socket closes with the object.
  void close() override;

  /// Ends the current wait as if the peer had closed, and every later one.
  void abandon();
  /// abandon(), with the socket closed at once.
  void hang_up();
  /// Ends a wait for input as if its deadline had passed; what is being sent goes out.
  void wake();

 private:
  void time_is_up() override;
  void end_late();
  void begin_wait(Deadlines::Ticket& ticket, bool interruptible);
  /// False when the connection is of no use any more, or the wait was ended by its deadline.
  bool end_wait(bool ready);

  TcpSocket socket_;
  Deadlines& deadlines_;
  Deadlines::Ticket* ticket_ = nullptr;  // Of the wait under way.
  bool interruptible_ = false;           // The wait under way is one for input.
  bool late_ = false;
  bool gone_ = false;
};

}  // namespace gatepost::net
