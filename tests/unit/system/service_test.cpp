// SPDX-License-Identifier: Apache-2.0
// tests: a service manager at the other end of a socket.
#include "system/service.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <stdlib.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "child.h"
#include "support/temp_folder.h"

namespace gatepost::system {
namespace {

using tests::in_child;
using tests::TempFolder;

/// Listens as the manager does; `name` beginning with '@' is abstract.
class Manager {
 public:
  explicit Manager(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name.data(), name.size());
    if (name[0] == '@') at.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), size) == 0);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager() { ::close(fd_); }
  /// The next message; empty when there is none.
  std::string hear() {
    std::array<char, 1000> text{};
    const auto got = ::recv(fd_, text.data(), text.size(), MSG_DONTWAIT);
    return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : std::string();
  }

 private:
  int fd_;
};

ServiceManager with(const std::string& address,
                    const char* microseconds = nullptr,
                    const char* pid = nullptr) {
  ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
  if (microseconds != nullptr) ::setenv("WATCHDOG_USEC", microseconds, 1);
  if (pid != nullptr) ::setenv("WATCHDOG_PID", pid, 1);
  return ServiceManager::take_environment();
}

std::string own_pid() {
  return std::to_string(::getpid());
}

}  // namespace

TEST_CASE("the manager hears of start, reload, status, watchdog and stop", "[system]") {
  const TempFolder folder;
  for (const std::string& name : {folder / "notify", "@gatepost-test-" + own_pid()}) {
    Manager manager(name);
    auto service = with(name);
    CHECK(service.is_there());
    service.ready("0 sessions");
    CHECK(manager.hear() == "READY=1\nSTATUS=0 sessions");
    service.reloading();
    const auto reload = manager.hear();
    CHECK(reload.starts_with("RELOADING=1\nMONOTONIC_USEC="));
    CHECK(reload.size() > 30);
    service.status("12 sessions");
    CHECK(manager.hear() == "STATUS=12 sessions");
    service.still_alive();
    CHECK(manager.hear() == "WATCHDOG=1");
    service.stopping("draining");
    CHECK(manager.hear() == "STOPPING=1\nSTATUS=draining");
  }
}

TEST_CASE("a status is one line whatever it quotes", "[system]") {
  const TempFolder folder;
  Manager manager(folder / "notify");
  auto service = with(folder / "notify");
  service.status("x\nMAINPID=1");
  CHECK(manager.hear() == "STATUS=x?MAINPID=1");
}

TEST_CASE("the environment is emptied of what was taken", "[system]") {
  static_cast<void>(with("/nonexistent", "1000000"));
  CHECK(::getenv("NOTIFY_SOCKET") == nullptr);
  CHECK(::getenv("WATCHDOG_USEC") == nullptr);
  CHECK(::getenv("WATCHDOG_PID") == nullptr);
}

TEST_CASE("without a manager every message is for nobody", "[system]") {
  for (const char* address : {"", "relative", "vsock:2:1234", "/"}) {
    auto service = with(address);
    CHECK_FALSE(service.is_there());
    service.ready("");
  }
  CHECK_FALSE(with("/" + std::string(200, 'x')).is_there());
  auto gone = with("/nonexistent/notify");
  gone.ready("");
}

TEST_CASE("the watchdog's patience is ours only when the process is meant", "[system]") {
  const std::string address = "@gatepost-watch-" + own_pid();
  CHECK(with(address, "30000000").watchdog() == Duration(30'000));
  CHECK(with(address, "30000000", own_pid().c_str()).watchdog() == Duration(30'000));
  CHECK_FALSE(with(address, "30000000", "1").watchdog());
  CHECK_FALSE(with(address, "0").watchdog());
  CHECK_FALSE(with(address, "soon").watchdog());
  CHECK_FALSE(with(address).watchdog());
}

TEST_CASE("passed sockets are taken with their names and closed on exec", "[system]") {
  CHECK(in_child([] {
          int ends[2];
          if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 50;
          const int first = ::fcntl(ends[0], F_DUPFD, 100);
          const int second = ::fcntl(ends[1], F_DUPFD, 100);
          for (int fd = 3; fd < 20; ++fd) ::close(fd);
          if (::dup2(first, 3) != 3 || ::dup2(second, 4) != 4 || ::dup2(first, 5) != 5) return 51;
          ::setenv("LISTEN_PID", own_pid().c_str(), 1);
          ::setenv("LISTEN_FDS", "3", 1);
          ::setenv("LISTEN_FDNAMES", "smtp::control", 1);
          const auto taken = take_passed_sockets();
          if (!taken || taken->size() != 3) return 52;
          const auto& all = *taken;
          const bool names =
              all[0].name == "smtp" && all[1].name.empty() && all[2].name == "control";
          const bool numbers = all[0].descriptor == 3 && all[2].descriptor == 5;
          const bool closed = (::fcntl(4, F_GETFD) & FD_CLOEXEC) != 0;
          const bool gone = ::getenv("LISTEN_PID") == nullptr &&
                            ::getenv("LISTEN_FDS") == nullptr &&
                            ::getenv("LISTEN_FDNAMES") == nullptr;
          const auto again = take_passed_sockets();
          return tests::first_false(names, numbers, closed, gone, again && again->empty());
        }) == 0);
}

TEST_CASE("sockets meant for another process are left alone", "[system]") {
  CHECK(in_child([] {
          ::setenv("LISTEN_PID", "1", 1);
          ::setenv("LISTEN_FDS", "1", 1);
          const auto taken = take_passed_sockets();
          return taken && taken->empty() ? 0 : 1;
        }) == 0);
}

TEST_CASE("a number of sockets that cannot be is an error", "[system]") {
  for (const char* count : {"-1", "many", "", "99999999999999999999", "5000"}) {
    CHECK(in_child([&] {
            ::setenv("LISTEN_PID", own_pid().c_str(), 1);
            ::setenv("LISTEN_FDS", count, 1);
            return take_passed_sockets() ? 1 : 0;
          }) == 0);
  }
}

TEST_CASE("a passed socket that is not open is an error", "[system]") {
  CHECK(in_child([] {
          for (int fd = 3; fd < 20; ++fd) ::close(fd);
          ::setenv("LISTEN_PID", own_pid().c_str(), 1);
          ::setenv("LISTEN_FDS", "1", 1);
          return take_passed_sockets() ? 1 : 0;
        }) == 0);
}

}  // namespace gatepost::system
