// SPDX-License-Identifier: Apache-2.0
// net: a listening socket that hands over accepted connections.
#pragma once

#include <memory>

#include <asio/ip/tcp.hpp>

#include "base/address.h"
#include "base/loop.h"
#include "base/result.h"

namespace gatepost::net {

/// Who wants the connections of a listener.
class Acceptor {
 public:
  virtual ~Acceptor() = default;
  virtual void accepted(TcpSocket socket, const Endpoint& peer, const Endpoint& local) = 0;
  /// No descriptor is left but the one that is kept for saying so, which `socket` stands on: there
  /// is time for a few words, but not for waiting. The connection is closed when this returns.
  virtual void refused(TcpSocket& socket, int number) = 0;
  /// Nobody can be let in, nor told, for want of descriptors or memory; told again after a pause as
  /// long as that lasts.
  virtual void accept_failed(int number) = 0;
};

/// Listens until closed. IPv6 sockets are IPv6 only: 0.0.0.0 and [::] are two listeners.
class Listener {
 public:
  /// Opens, binds and listens now, so that low ports work before privileges are dropped.
  [[nodiscard]] static Result<Listener> open(asio::io_context& loop, const Endpoint& local);
  /// Takes a listening socket from the service manager. `descriptor` is owned from here on.
  [[nodiscard]] static Result<Listener> adopt(asio::io_context& loop, int descriptor);
  /// The same of a local socket, whose peers have no address.
  [[nodiscard]] static Listener adopt_local(asio::io_context& loop, int descriptor);

  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;
  ~Listener();

  /// Starts accepting; `acceptor` outlives the listener.
  void start(Acceptor& acceptor);
  void close();
  [[nodiscard]] const Endpoint& local() const;

 private:
  struct State;
  explicit Listener(std::shared_ptr<State> state);
  static void wait(const std::shared_ptr<State>& state);
  static bool accept_some(State& state);
  static bool refuse_one(State& state, int number);

  std::shared_ptr<State> state_;  // Shared with the handler of the wait under way.
};

[[nodiscard]] Endpoint endpoint_of(const asio::ip::tcp::endpoint& endpoint);

}  // namespace gatepost::net
