// SPDX-License-Identifier: Apache-2.0
// tests: signals as something to read.
#include "system/signals.h"

#include <csignal>
#include <poll.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "child.h"

namespace gatepost::system {

TEST_CASE("each signal is read as itself and then no more", "[system]") {
  CHECK(tests::in_child([] {
          auto signals = Signals::open();
          if (!signals) return 50;
          if (signals->next()) return 51;
          ::kill(::getpid(), SIGTERM);
          pollfd ready{signals->descriptor(), POLLIN, 0};
          if (::poll(&ready, 1, 5000) != 1) return 52;
          if (signals->next() != Signal::Terminate) return 53;
          for (const auto& [number, signal] :
               {std::pair{SIGHUP, Signal::Hangup}, std::pair{SIGINT, Signal::Interrupt},
                std::pair{SIGUSR1, Signal::User1}}) {
            ::kill(::getpid(), number);
            if (signals->next() != signal) return 54;
          }
          return signals->next() ? 55 : 0;
        }) == 0);
}

TEST_CASE("a signal the parent ignored is read all the same", "[system]") {
  CHECK(tests::in_child([] {
          ::signal(SIGHUP, SIG_IGN);
          auto signals = Signals::open();
          if (!signals) return 50;
          ::kill(::getpid(), SIGHUP);
          return signals->next() == Signal::Hangup ? 0 : 1;
        }) == 0);
}

TEST_CASE("writing to a pipe nobody reads is an error, not the end", "[system]") {
  CHECK(tests::in_child([] {
          auto signals = Signals::open();
          int ends[2];
          if (!signals || ::pipe(ends) != 0) return 50;
          ::close(ends[0]);
          return ::write(ends[1], "x", 1) < 0 ? 0 : 1;
        }) == 0);
}

}  // namespace gatepost::system
