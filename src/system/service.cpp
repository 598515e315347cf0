// SPDX-License-Identifier: Apache-2.0
// system: the service manager: readiness, watchdog, sockets it has opened for us.
#include "system/service.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <utility>

#include "base/format.h"
#include "base/text.h"

namespace gatepost::system {
namespace {

constexpr int kFirstPassed = 3;  // SD_LISTEN_FDS_START
constexpr std::uint64_t kMostPassed = 1024;

/// Removed, so that what we might start does not take our place.
std::string take_variable(const char* name) {
  const char* value = ::getenv(name);  // NOLINT: before there are threads
  std::string taken = value == nullptr ? std::string() : std::string(value);
  ::unsetenv(name);  // NOLINT: before there are threads
  return taken;
}

bool is_own_pid(std::string_view text) {
  const auto number = parse_number(text);
  return number && *number == static_cast<std::uint64_t>(::getpid());
}

std::uint64_t monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

/// A status may quote what a peer or a file said; a line end in it would be another variable.
std::string one_line(std::string_view text) {
  constexpr std::size_t kMostStatus = 200;
  return printable(text, kMostStatus);
}

}  // namespace

ServiceManager ServiceManager::take_environment() {
  ServiceManager manager;
  const std::string address = take_variable("NOTIFY_SOCKET");
  const std::string microseconds = take_variable("WATCHDOG_USEC");
  const std::string pid = take_variable("WATCHDOG_PID");
  manager.open(address);
  const auto patience = parse_number(microseconds);
  if (manager.is_there() && patience && *patience >= 1'000 && (pid.empty() || is_own_pid(pid))) {
    manager.watchdog_ = Duration(static_cast<Duration::rep>(*patience / 1'000));
  }
  return manager;
}

ServiceManager::ServiceManager(ServiceManager&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      address_(other.address_),
      address_size_(other.address_size_),
      watchdog_(other.watchdog_) {}

ServiceManager::~ServiceManager() {
  if (socket_ >= 0) ::close(socket_);
}

void ServiceManager::open(std::string_view address) {
  // "@name" is in the abstract name space. Anything else is not a socket of this machine.
  if (address.size() < 2 || (address[0] != '/' && address[0] != '@')) return;
  if (address.size() >= sizeof address_.sun_path) return;
  address_.sun_family = AF_UNIX;
  std::memcpy(address_.sun_path, address.data(), address.size());
  if (address[0] == '@') address_.sun_path[0] = '\0';
  address_size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void ServiceManager::say(const std::string& message) {
  if (socket_ < 0) return;
  while (::sendto(socket_, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                  reinterpret_cast<const sockaddr*>(&address_), address_size_) < 0 &&
         errno == EINTR) {
  }
}

void ServiceManager::ready(std::string_view status) {
  say(format("READY=1\nSTATUS={}", one_line(status)));
}

void ServiceManager::reloading() {
  say(format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_microseconds()));
}

void ServiceManager::stopping(std::string_view status) {
  say(format("STOPPING=1\nSTATUS={}", one_line(status)));
}

void ServiceManager::status(std::string_view status) {
  say(format("STATUS={}", one_line(status)));
}

void ServiceManager::still_alive() {
  say("WATCHDOG=1");
}

Result<std::vector<PassedSocket>> take_passed_sockets() {
  const std::string pid = take_variable("LISTEN_PID");
  const std::string count_text = take_variable("LISTEN_FDS");
  const std::string names = take_variable("LISTEN_FDNAMES");
  std::vector<PassedSocket> sockets;
  if (pid.empty() || !is_own_pid(pid)) return sockets;
  const auto count = parse_number(count_text);
  if (!count || *count > kMostPassed) {
    return Error{Cause::Permanent, format("LISTEN_FDS: \"{}\"", printable(count_text, 20))};
  }
  std::string_view rest = names;
  for (int i = 0; i < static_cast<int>(*count); ++i) {
    // An empty name keeps its place, so the words are not split by take_word().
    const auto colon = rest.find(':');
    PassedSocket one{std::string(rest.substr(0, colon)), kFirstPassed + i};
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
    if (::fcntl(one.descriptor, F_SETFD, FD_CLOEXEC) != 0) {
      return system_error(format("passed descriptor {}", one.descriptor), errno);
    }
    sockets.push_back(std::move(one));
  }
  return sockets;
}

}  // namespace gatepost::system
