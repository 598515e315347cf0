// SPDX-License-Identifier: Apache-2.0
// system: signals as events of the loop.
#include "system/signals.h"

#include <cerrno>
#include <csignal>
#include <sys/signalfd.h>
#include <unistd.h>
#include <utility>

namespace gatepost::system {

Result<Signals> Signals::open() {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int number : {SIGHUP, SIGTERM, SIGINT, SIGUSR1}) ::sigaddset(&wanted, number);
  if (const int failed = ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr); failed != 0) {
    return system_error("pthread_sigmask", failed);
  }
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  if (::sigaction(SIGPIPE, &ignore, nullptr) != 0) return system_error("sigaction", errno);
  // A parent such as nohup may have left one ignored; then it would never become readable.
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (const int number : {SIGHUP, SIGTERM, SIGINT, SIGUSR1}) {
    if (::sigaction(number, &standard, nullptr) != 0) return system_error("sigaction", errno);
  }
  const int descriptor = ::signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
  if (descriptor < 0) return system_error("signalfd", errno);
  return Signals(descriptor);
}

Signals::Signals(Signals&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Signals::~Signals() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<Signal> Signals::next() {
  signalfd_siginfo about{};
  const auto got = ::read(descriptor_, &about, sizeof about);
  if (got != static_cast<ssize_t>(sizeof about)) return std::nullopt;
  switch (about.ssi_signo) {
    case SIGHUP:
      return Signal::Hangup;
    case SIGTERM:
      return Signal::Terminate;
    case SIGINT:
      return Signal::Interrupt;
    case SIGUSR1:
      return Signal::User1;
    default:
      return std::nullopt;
  }
}

}  // namespace gatepost::system
