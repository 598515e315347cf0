// SPDX-License-Identifier: Apache-2.0
// tests: what can and cannot be done inside the sandbox.
#include "system/sandbox.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <syslog.h>
#include <thread>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "child.h"
#include "support/temp_folder.h"
#include "system/process.h"
#include "system/random.h"

namespace gatepost::system {
namespace {

using tests::first_false;
using tests::in_child;
using tests::TempFolder;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr int kNoSandbox = 77;

/// Skips the test where the kernel or the build has no sandbox. Not for use inside CHECK(),
/// which would take the skip for an exception.
void need_sandbox() {
  const TempFolder folder;
  const int ended = in_child([&] {
    const auto facts = enter_sandbox({{folder.path()}});
    return facts && facts->landlock > 0 && facts->seccomp ? 0 : facts ? kNoSandbox : 1;
  });
  if (ended == kNoSandbox) SKIP("no sandbox here");
}

/// Runs `body` inside, in a process of its own.
template <class Body>
int inside(const TempFolder& folder, Violation violation, Body body) {
  return in_child([&] {
    const auto facts = enter_sandbox({{folder.path()}, violation});
    return facts ? body() : 78;
  });
}

bool can_create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

}  // namespace

TEST_CASE("the sandbox tells what is in force", "[system][sandbox]") {
  const TempFolder folder;
  CHECK(in_child([&] {
          const auto facts = enter_sandbox({{folder.path()}});
          if (!facts) return 1;
          if (kSanitized) return facts->missing == "built with a sanitizer" ? 0 : 2;
          const bool whole = facts->landlock >= 2 && facts->seccomp;
          return whole == facts->missing.empty() ? 0 : 3;
        }) == 0);
}

TEST_CASE("a writable directory that is not there is an error", "[system][sandbox]") {
  if (kSanitized) SKIP("no sandbox here");
  CHECK(in_child([] {
          const auto facts = enter_sandbox({{"/nonexistent/spool"}});
          if (facts) return facts->landlock == 0 ? 0 : 1;
          return facts.error().detail.find("/nonexistent/spool") != std::string::npos ? 0 : 2;
        }) == 0);
}

TEST_CASE("files are written beneath the given directories only", "[system][sandbox]") {
  need_sandbox();
  const TempFolder folder;
  const TempFolder other;
  other.write("there", "text");
  CHECK(inside(folder, Violation::Kill, [&] {
          const bool made = can_create(folder / "new");
          const bool refused = !can_create(other / "new") && errno == EACCES;
          const bool kept = ::open((other / "there").c_str(), O_WRONLY | O_CLOEXEC) < 0;
          const bool stays = ::unlink((other / "there").c_str()) != 0;
          const bool read = ::open((other / "there").c_str(), O_RDONLY | O_CLOEXEC) >= 0;
          return first_false(made, refused, kept, stays, read);
        }) == 0);
  CHECK(other.read("there") == "text");
}

TEST_CASE("a refused call fails with EPERM where the sandbox refuses", "[system][sandbox]") {
  need_sandbox();
  const TempFolder folder;
  CHECK(inside(folder, Violation::Refuse, [&] {
          errno = 0;
          const bool refused = ::truncate((folder / "x").c_str(), 0) != 0 && errno == EPERM;
          return first_false(refused);
        }) == 0);
}

TEST_CASE("a message moves from tmp to new and a link is made beneath", "[system][sandbox]") {
  need_sandbox();
  const TempFolder folder;
  CHECK(inside(folder, Violation::Kill, [&] {
          const bool made = ::mkdir((folder / "tmp").c_str(), 0700) == 0 &&
                            ::mkdir((folder / "new").c_str(), 0700) == 0;
          const bool written = can_create(folder / "tmp/1");
          const bool moved = ::rename((folder / "tmp/1").c_str(), (folder / "new/1").c_str()) == 0;
          const bool linked = ::link((folder / "new/1").c_str(), (folder / "new/2").c_str()) == 0;
          const int dir = ::open((folder / "new").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
          return first_false(made, written, moved, linked, ::fsync(dir) == 0);
        }) == 0);
}

TEST_CASE("no program starts and no process is made", "[system][sandbox]") {
  need_sandbox();
  const TempFolder folder;
  CHECK(inside(folder, Violation::Refuse, [] {
          char name[] = "/bin/true";
          char* arguments[] = {name, nullptr};
          char* none[] = {nullptr};
          const bool no_exec = ::execve(name, arguments, none) != 0 && errno == EPERM;
          const bool no_fork = ::fork() < 0 && errno == EPERM;
          const bool no_trace = ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0;
          return first_false(no_exec, no_fork, no_trace);
        }) == 0);
  CHECK(inside(folder, Violation::Kill, [] {
          char name[] = "/bin/true";
          char* arguments[] = {name, nullptr};
          char* none[] = {nullptr};
          ::execve(name, arguments, none);
          return 0;
        }) == -SIGSYS);
}

TEST_CASE("memory is written or run, never both", "[system][sandbox]") {
  need_sandbox();
  const TempFolder folder;
  CHECK(inside(folder, Violation::Refuse, [] {
          constexpr int kMap = MAP_PRIVATE | MAP_ANONYMOUS;
          void* plain = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, kMap, -1, 0);
          const bool writable = plain != MAP_FAILED;
          const bool not_run = ::mprotect(plain, 4096, PROT_READ | PROT_EXEC) != 0;
          const bool not_mapped =
              ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, kMap, -1, 0) == MAP_FAILED;
          const bool read_only = ::mprotect(plain, 4096, PROT_READ) == 0;
          return first_false(writable, not_run, not_mapped, read_only);
        }) == 0);
}

TEST_CASE("the sockets of a mail server work, others do not", "[system][sandbox]") {
  need_sandbox();
  const TempFolder folder;
  CHECK(inside(folder, Violation::Refuse, [] {
          const bool four = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
          const bool local = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0;
          errno = 0;
          const bool link = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) < 0;
          const bool packet = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) < 0;
          return first_false(four, local, link && errno == EPERM, packet);
        }) == 0);
}

TEST_CASE("what loop, clerk, log and crypto need is allowed", "[system][sandbox]") {
  need_sandbox();
  const TempFolder folder;
  const auto database = folder.write("state.db", std::string(8192, '\0'));
  CHECK(inside(folder, Violation::Kill, [&] {
          int sum = 0;
          std::thread clerk([&] { sum = 42; });
          clerk.join();
          const int loop = ::epoll_create1(EPOLL_CLOEXEC);
          const int alarm = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
          const int timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
          const itimerspec soon{{0, 0}, {0, 1}};
          ::timerfd_settime(timer, 0, &soon, nullptr);
          epoll_event event{};
          event.events = EPOLLIN;
          ::epoll_ctl(loop, EPOLL_CTL_ADD, timer, &event);
          const bool woken = ::epoll_wait(loop, &event, 1, 5000) == 1;
          const int fd = ::open(database.c_str(), O_RDWR | O_CLOEXEC);
          void* shared = ::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
          struct flock lock {};
          lock.l_type = F_WRLCK;
          const bool locked = ::fcntl(fd, F_SETLK, &lock) == 0;
          const bool truncated = ::ftruncate(fd, 4096) == 0 && ::fdatasync(fd) == 0;
          std::array<std::uint8_t, 32> octets{};
          const bool random = static_cast<bool>(fill_random(octets));
          ::openlog("gatepost-test", LOG_PID | LOG_NDELAY, LOG_MAIL);
          ::syslog(LOG_DEBUG, "sandbox test");
          ::closelog();
          return first_false(sum == 42, loop >= 0 && alarm >= 0, woken, shared != MAP_FAILED,
                             locked, truncated, random, memory_used().has_value());
        }) == 0);
}

TEST_CASE("no TCP port is bound where the kernel can forbid it", "[system][sandbox]") {
  const TempFolder folder;
  const int ended = in_child([&] {
    const auto facts = enter_sandbox({{folder.path()}, Violation::Kill});
    if (!facts || facts->landlock < 4) return kNoSandbox;
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* address = reinterpret_cast<const sockaddr*>(&any);
    return first_false(fd >= 0, ::bind(fd, address, sizeof any) != 0 && errno == EACCES);
  });
  if (ended == kNoSandbox) SKIP("no Landlock of version 4 here");
  CHECK(ended == 0);
}

}  // namespace gatepost::system
