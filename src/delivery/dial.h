// SPDX-License-Identifier: Apache-2.0
// delivery: a connection that begins here.
#pragma once

#include <cstddef>
#include <set>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "delivery/transport.h"
#include "net/deadlines.h"

namespace gatepost::delivery {

/// What is being dialled, so that it can be given up.
class Dials {
 public:
  /// One that is under way; leaves by itself when destroyed.
  class Place {
   public:
    Place(Dials& dials, TcpSocket& socket);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    Dials& dials_;
    TcpSocket& socket_;
  };

  Dials() = default;
  Dials(const Dials&) = delete;
  Dials& operator=(const Dials&) = delete;
  /// Gives up all of them, and every one that begins later.
  void stop();
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  std::set<TcpSocket*> sockets_;
  bool stopped_ = false;
};

/// Connects until `until`, or until `dials` are stopped. The socket is of the family the transport asks for, whatever its type
/// says: only net::Connection, which calls the system itself, uses it. All but the transport,
/// which is copied, outlive the task.
[[nodiscard]] Task<Result<TcpSocket>> dial(
    asio::io_context& loop, net::Deadlines& deadlines, Dials& dials, Transport to, Instant until);

}  // namespace gatepost::delivery
