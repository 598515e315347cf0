// SPDX-License-Identifier: Apache-2.0
// net: a listening socket that hands over accepted connections.
#include "net/listener.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/ip/v6_only.hpp>

#include "base/loop.h"
#include "base/text.h"

namespace gatepost::net {
namespace {

using Tcp = asio::ip::tcp;

// A turn of the loop accepts at most this many, so that a flood of connections does not
// starve the sessions that are already there.
constexpr int kAcceptsPerTurn = 64;

// A connection that cannot be taken makes the listener ready again at once: without a pause the loop
// would do nothing else.
constexpr std::chrono::milliseconds kPause{100};

int open_spare() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool is_short_of_descriptors(int number) {
  return number == EMFILE || number == ENFILE;
}

Endpoint endpoint_of_sockaddr(const sockaddr_storage& storage) {
  Endpoint out;
  if (storage.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(storage);  // NOLINT: sockets API
    std::array<std::uint8_t, 4> octets{};
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&in.sin_addr), 4, octets.begin());
    out.address = IpAddress::v4(octets);
    out.port = ntohs(in.sin_port);
  } else if (storage.ss_family == AF_INET6) {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(storage);  // NOLINT: sockets API
    std::array<std::uint8_t, 16> octets{};
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&in.sin6_addr), 16, octets.begin());
    out.address = IpAddress::v6(octets);
    out.port = ntohs(in.sin6_port);
  }
  return out;
}

Tcp::endpoint endpoint_for(const Endpoint& local) {
  const auto& octets = local.address.octets();
  if (local.address.is_v4()) {
    asio::ip::address_v4::bytes_type bytes{};
    std::copy_n(octets.begin(), bytes.size(), bytes.begin());
    return {asio::ip::address_v4(bytes), local.port};
  }
  asio::ip::address_v6::bytes_type bytes{};
  std::copy_n(octets.begin(), bytes.size(), bytes.begin());
  return {asio::ip::address_v6(bytes), local.port};
}

}  // namespace

Endpoint endpoint_of(const Tcp::endpoint& endpoint) {
  sockaddr_storage storage{};
  std::copy_n(reinterpret_cast<const char*>(endpoint.data()), endpoint.size(),
              reinterpret_cast<char*>(&storage));
  return endpoint_of_sockaddr(storage);
}

struct Listener::State {
  State(asio::io_context& loop_, TcpAcceptor acceptor_)
      : loop(loop_), acceptor(std::move(acceptor_)), pause(loop_) {}

  asio::io_context& loop;
  TcpAcceptor acceptor;
  Timer pause;
  Endpoint local;
  Acceptor* to = nullptr;
  // Closed for a moment when descriptors run out, so that the waiting connection can be taken and
  // told. Another thread may get in between; then there is none for a while.
  int spare = open_spare();

  ~State() {
    if (spare >= 0) ::close(spare);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Listener::Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;
Listener::~Listener() {
  if (state_) close();
}

Result<Listener> Listener::open(asio::io_context& loop, const Endpoint& local) {
  const Tcp::endpoint where = endpoint_for(local);
  TcpAcceptor acceptor(loop);
  std::error_code error;
  acceptor.open(where.protocol(), error);
  if (!error && !local.address.is_v4()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.set_option(TcpAcceptor::reuse_address(true), error);
  if (!error) acceptor.bind(where, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) acceptor.non_blocking(true, error);
  if (error) return system_error("listen on " + local.text(), error.value());
  auto state = std::make_shared<State>(loop, std::move(acceptor));
  state->local = endpoint_of(state->acceptor.local_endpoint(error));
  return Listener(std::move(state));
}

Result<Listener> Listener::adopt(asio::io_context& loop, int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    return system_error("descriptor " + format_number(static_cast<unsigned>(descriptor)), errno);
  }
  const bool v4 = storage.ss_family == AF_INET;
  if (!v4 && storage.ss_family != AF_INET6) {
    return Error{Cause::Permanent, "descriptor " +
                                       format_number(static_cast<unsigned>(descriptor)) +
                                       " from the service manager is not a TCP socket"};
  }
  TcpAcceptor acceptor(loop);
  std::error_code error;
  acceptor.assign(v4 ? Tcp::v4() : Tcp::v6(), descriptor, error);
  if (!error) acceptor.non_blocking(true, error);
  if (error) return system_error("socket of the service manager", error.value());
  auto state = std::make_shared<State>(loop, std::move(acceptor));
  state->local = endpoint_of_sockaddr(storage);
  return Listener(std::move(state));
}

// Of the protocol the loop knows no more than what it was told: it waits, and this file does the rest.
Listener Listener::adopt_local(asio::io_context& loop, int descriptor) {
  TcpAcceptor acceptor(loop);
  std::error_code ignored;
  acceptor.assign(Tcp::v4(), descriptor, ignored);
  acceptor.non_blocking(true, ignored);
  return Listener(std::make_shared<State>(loop, std::move(acceptor)));
}

void Listener::start(Acceptor& acceptor) {
  state_->to = &acceptor;
  wait(state_);
}

void Listener::wait(const std::shared_ptr<State>& state) {
  state->acceptor.async_wait(TcpAcceptor::wait_read, [state](const std::error_code& error) {
    if (error || !state->acceptor.is_open()) return;
    if (accept_some(*state)) return wait(state);
    state->pause.expires_after(kPause);
    state->pause.async_wait([state](const std::error_code& cancelled) {
      if (!cancelled && state->acceptor.is_open()) wait(state);
    });
  });
}

/// False when only time can help.
bool Listener::accept_some(State& state) {
  if (state.spare < 0) state.spare = open_spare();
  for (int i = 0; i < kAcceptsPerTurn && state.acceptor.is_open(); ++i) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    const int got = ::accept4(state.acceptor.native_handle(), reinterpret_cast<sockaddr*>(&storage),
                              &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (got < 0) {
      const int number = errno;
      if (number == EAGAIN || number == EWOULDBLOCK) return true;
      if (is_short_of_descriptors(number) && !refuse_one(state, number)) return false;
      if (number == ENOBUFS || number == ENOMEM) {
        state.to->accept_failed(number);
        return false;
      }
      // ECONNABORTED and its like concern one peer that is gone already.
      continue;
    }
    sockaddr_storage mine{};
    size = sizeof mine;
    ::getsockname(got, reinterpret_cast<sockaddr*>(&mine), &size);
    TcpSocket socket(state.loop);
    std::error_code error;
    socket.assign(storage.ss_family == AF_INET ? Tcp::v4() : Tcp::v6(), got, error);
    if (error) {
      ::close(got);
      continue;
    }
    state.to->accepted(std::move(socket), endpoint_of_sockaddr(storage),
                       endpoint_of_sockaddr(mine));
  }
  return true;
}

/// False when not even the spare descriptor lets the peer in.
bool Listener::refuse_one(State& state, int number) {
  if (state.spare >= 0) ::close(std::exchange(state.spare, -1));
  const int got =
      ::accept4(state.acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (got < 0) {
    const bool stuck = is_short_of_descriptors(errno);
    state.spare = open_spare();
    if (stuck) state.to->accept_failed(number);
    return !stuck;
  }
  TcpSocket socket(state.loop);
  std::error_code error;
  socket.assign(state.local.address.is_v4() ? Tcp::v4() : Tcp::v6(), got, error);
  if (error) {
    ::close(got);
  } else {
    state.to->refused(socket, number);
    socket.close(error);
  }
  state.spare = open_spare();
  return true;
}

void Listener::close() {
  std::error_code ignored;
  state_->acceptor.close(ignored);
  // Of a timer, that does not fail.
  state_->pause.cancel();  // NOLINT(bugprone-exception-escape)
}

const Endpoint& Listener::local() const {
  return state_->local;
}

}  // namespace gatepost::net
