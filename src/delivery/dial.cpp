// SPDX-License-Identifier: Apache-2.0
// delivery: a connection that begins here.
#include "delivery/dial.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>

#include "base/loop.h"

namespace gatepost::delivery {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Address address_of(const Transport& to) {
  Address out;
  if (!to.path.empty()) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, to.path.data(),
                std::min(to.path.size(), sizeof(local.sun_path) - 1));
    out.size = sizeof(local);
    std::memcpy(&out.storage, &local, sizeof(local));
    return out;
  }
  const auto& octets = to.endpoint.address.octets();
  if (to.endpoint.address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(to.endpoint.port);
    std::memcpy(&v4.sin_addr, octets.data(), 4);
    out.size = sizeof(v4);
    std::memcpy(&out.storage, &v4, sizeof(v4));
    return out;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(to.endpoint.port);
  std::memcpy(&v6.sin6_addr, octets.data(), 16);
  out.size = sizeof(v6);
  std::memcpy(&out.storage, &v6, sizeof(v6));
  return out;
}

/// Ends the wait for a connection that does not come.
class Patience final : public net::Waiter {
 public:
  explicit Patience(TcpSocket& socket) : socket_(socket) {}
  void time_is_up() override {
    ticket->spent();
    late = true;
    std::error_code ignored;
    socket_.cancel(ignored);
  }

  net::Deadlines::Ticket* ticket = nullptr;
  bool late = false;

 private:
  TcpSocket& socket_;
};

Error refused(int number) {
  return system_error("connect", number);
}

}  // namespace

Dials::Place::Place(Dials& dials, TcpSocket& socket) : dials_(dials), socket_(socket) {
  dials_.sockets_.insert(&socket_);
}

Dials::Place::~Place() {
  dials_.sockets_.erase(&socket_);
}

void Dials::stop() {
  stopped_ = true;
  std::error_code ignored;
  for (TcpSocket* socket : sockets_) socket->cancel(ignored);
}

Task<Result<TcpSocket>> dial(
    asio::io_context& loop, net::Deadlines& deadlines, Dials& dials, Transport to, Instant until) {
  if (dials.stopped()) co_return refused(ECANCELED);
  const Address address = address_of(to);
  const int number =
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (number < 0) co_return system_error("socket", errno);
  TcpSocket socket(loop);
  std::error_code failed;
  socket.assign(asio::ip::tcp::v4(), number, failed);
  if (failed) {
    ::close(number);
    co_return system_error("socket", failed.value());
  }
  const auto* raw = reinterpret_cast<const sockaddr*>(&address.storage);  // NOLINT: the API's form
  if (::connect(number, raw, address.size) == 0) co_return std::move(socket);
  if (errno != EINPROGRESS) co_return refused(errno);
  Patience patience(socket);
  net::Deadlines::Ticket ticket(deadlines, until, patience);
  patience.ticket = &ticket;
  const Dials::Place place(dials, socket);
  const auto token = asio::as_tuple(asio::deferred);
  co_await socket.async_wait(TcpSocket::wait_write, token);
  if (patience.late) co_return refused(ETIMEDOUT);
  if (dials.stopped()) co_return refused(ECANCELED);
  int outcome = 0;
  socklen_t size = sizeof(outcome);
  if (::getsockopt(number, SOL_SOCKET, SO_ERROR, &outcome, &size) != 0) outcome = errno;
  if (outcome != 0) co_return refused(outcome);
  co_return std::move(socket);
}

}  // namespace gatepost::delivery
