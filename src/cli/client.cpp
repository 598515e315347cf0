// SPDX-License-Identifier: Apache-2.0
// cli: the other end of the control socket.
#include "cli/client.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "base/result.h"

namespace gatepost::cli {

namespace {

constexpr std::size_t kMostAnswer = 256UL * 1024 * 1024;

class Socket {
 public:
  Socket() : number_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (number_ >= 0) ::close(number_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

Asked broken(std::string_view what, int number) {
  const bool late = number == EAGAIN || number == EWOULDBLOCK;
  return {.reached = Reached::Broken,
          .text = late ? "the service does not answer" : system_error(what, number).detail};
}

Asked not_connected(const std::string& path, int number) {
  if (number == ENOENT || number == ECONNREFUSED || number == ENOTDIR) {
    return {.reached = Reached::NotRunning, .text = "not running: no one answers at " + path};
  }
  const std::string detail = system_error("connect to " + path, number).detail;
  const bool kept_out = number == EACCES || number == EPERM;
  return {.reached = kept_out ? Reached::NotPermitted : Reached::Broken, .text = detail};
}

bool set_patience(int socket, Duration patience) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(patience);
  timeval wait{};
  wait.tv_sec = seconds.count();
  wait.tv_usec = std::chrono::duration_cast<std::chrono::microseconds>(patience - seconds).count();
  return ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
         ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0;
}

Asked read_all(int socket) {
  std::string text;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t n = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return broken("reading the answer", errno);
    if (n == 0) return {.reached = Reached::Answered, .text = std::move(text)};
    text.append(buffer.data(), static_cast<std::size_t>(n));
    if (text.size() > kMostAnswer)
      return {.reached = Reached::Broken, .text = "the answer has no end"};
  }
}

}  // namespace

Asked ask(const std::string& path, const control::Request& request, Duration patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return {.reached = Reached::Broken, .text = "not a path for a socket: " + path};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const Socket socket;
  if (socket.number() < 0 || !set_patience(socket.number(), patience))
    return broken("socket", errno);
  const auto* to = reinterpret_cast<const sockaddr*>(&address);  // NOLINT: the socket API's form
  if (::connect(socket.number(), to, sizeof(address)) != 0) return not_connected(path, errno);
  const std::string line = control::format_request(request);
  const ssize_t sent = ::send(socket.number(), line.data(), line.size(), MSG_NOSIGNAL);
  // A service that is too busy says so and hangs up before it is asked: its words can still be read.
  if (sent < 0 && errno != EPIPE) return broken("asking", errno);
  return read_all(socket.number());
}

}  // namespace gatepost::cli
