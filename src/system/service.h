// SPDX-License-Identifier: Apache-2.0
// system: the service manager: readiness, watchdog, sockets it has opened for us.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace gatepost::system {

/// Tells the service manager how we are (sd_notify(3)); without one every call does nothing.
/// A message that cannot be delivered at once is dropped: the manager is no reason to stop.
class ServiceManager {
 public:
  /// Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, before there
  /// are threads.
  [[nodiscard]] static ServiceManager take_environment();
  ServiceManager(ServiceManager&& other) noexcept;
  ServiceManager& operator=(ServiceManager&&) = delete;
  ~ServiceManager();

  [[nodiscard]] bool is_there() const { return socket_ >= 0; }
  void ready(std::string_view status);
  /// RELOADING=1 with the time on the monotonic clock; ready() ends it.
  void reloading();
  void stopping(std::string_view status);
  void status(std::string_view status);
  void still_alive();
  /// How long after still_alive() the manager loses patience; nothing: it does not watch.
  [[nodiscard]] std::optional<Duration> watchdog() const { return watchdog_; }

 private:
  ServiceManager() = default;
  void open(std::string_view address);
  void say(const std::string& message);

  int socket_ = -1;
  sockaddr_un address_{};
  socklen_t address_size_ = 0;
  std::optional<Duration> watchdog_;
};

/// A socket opened by the service manager (sd_listen_fds_with_names(3)).
struct PassedSocket {
  std::string name;  ///< FileDescriptorName=: "smtp", "submission", "submissions", "control".
  int descriptor = -1;
};

/// The sockets passed to this process, close-on-exec set, in their order; empty when there are
/// none or they were meant for another process. Takes LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES
/// out of the environment. An error is a number that cannot be right.
[[nodiscard]] Result<std::vector<PassedSocket>> take_passed_sockets();

}  // namespace gatepost::system
