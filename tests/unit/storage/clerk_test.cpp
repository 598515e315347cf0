// SPDX-License-Identifier: Apache-2.0
// tests: the clerk: every job once, every answer on the loop's thread.
#include "storage/clerk.h"

#include <atomic>
#include <barrier>
#include <memory>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <catch2/catch_test_macros.hpp>

namespace gatepost::storage {
namespace {

Task<void> ask_often(Clerk& clerk, unsigned count, std::atomic<unsigned>& jobs, unsigned& answers) {
  const auto loop_thread = std::this_thread::get_id();
  for (unsigned n = 0; n < count; ++n) {
    auto job = [&jobs, n] {
      ++jobs;
      return std::make_unique<unsigned>(n);
    };
    const auto answer = co_await clerk.run(std::move(job));
    if (*answer == n && std::this_thread::get_id() == loop_thread) ++answers;
  }
}

template <class F>
Task<void> run_one(Clerk& clerk, F job, bool& resumed) {
  co_await clerk.run(std::move(job));
  resumed = true;
}

}  // namespace

TEST_CASE("every job is carried out once and answered on the loop's thread", "[storage][clerk]") {
  asio::io_context loop(1);
  Clerk clerk(loop, Clerk::Settings());
  std::atomic<unsigned> jobs{0};
  unsigned answers = 0;
  for (int n = 0; n < 64; ++n) {
    asio::co_spawn(loop, ask_often(clerk, 100, jobs, answers), asio::detached);
  }
  loop.run();
  CHECK(jobs == 6400);
  CHECK(answers == 6400);
}

TEST_CASE("as many jobs run at once as there are threads", "[storage][clerk]") {
  asio::io_context loop(1);
  Clerk clerk(loop, Clerk::Settings{4, 256 * 1024});
  // Each waits for the three others: with fewer threads this does not end.
  std::barrier meeting(4);
  for (int n = 0; n < 4; ++n) {
    clerk.leave([&meeting] { meeting.arrive_and_wait(); });
  }
  clerk.settle();
  for (int n = 0; n < 4; ++n) {
    clerk.leave([&meeting] { meeting.arrive_and_wait(); });
  }
  clerk.settle();
  SUCCEED();
}

TEST_CASE("a clerk with one thread carries out its jobs in order", "[storage][clerk]") {
  asio::io_context loop(1);
  Clerk clerk(loop, Clerk::Settings{1, 256 * 1024});
  std::string order;
  for (char c = 'a'; c <= 'z'; ++c) {
    clerk.leave([&order, c] { order.push_back(c); });
  }
  clerk.settle();
  CHECK(order == "abcdefghijklmnopqrstuvwxyz");
}

TEST_CASE("stopping carries out what waits", "[storage][clerk]") {
  asio::io_context loop(1);
  Clerk clerk(loop, Clerk::Settings{2, 256 * 1024});
  std::atomic<int> done{0};
  for (int n = 0; n < 1000; ++n) clerk.leave([&done] { ++done; });
  clerk.stop();
  CHECK(done == 1000);
}

TEST_CASE("a job given after the stop is carried out at once, and its caller resumes",
          "[storage][clerk]") {
  asio::io_context loop(1);
  Clerk clerk(loop, Clerk::Settings());
  clerk.stop();
  int done = 0;
  bool resumed = false;
  clerk.leave([&done] { ++done; });
  CHECK(done == 1);
  asio::co_spawn(loop,
                 run_one(
                     clerk, [&done] { ++done; }, resumed),
                 asio::detached);
  loop.run();
  CHECK(done == 2);
  CHECK(resumed);
}

TEST_CASE("a cancelled caller still gets its answer", "[storage][clerk]") {
  asio::io_context loop(1);
  Clerk clerk(loop, Clerk::Settings());
  asio::cancellation_signal cancel;
  std::barrier started(2);
  std::barrier go_on(2);
  bool done = false;
  bool resumed = false;
  const auto job = [&] {
    started.arrive_and_wait();
    go_on.arrive_and_wait();
    done = true;
  };
  asio::co_spawn(loop, run_one(clerk, job, resumed),
                 asio::bind_cancellation_slot(cancel.slot(), asio::detached));
  loop.poll();
  started.arrive_and_wait();
  cancel.emit(asio::cancellation_type::terminal);
  loop.poll();
  CHECK_FALSE(resumed);
  go_on.arrive_and_wait();
  loop.restart();
  loop.run();
  CHECK(done);
  CHECK(resumed);
}

TEST_CASE("what the loop did not resume is dropped, with all it owns, when the clerk ends",
          "[storage][clerk]") {
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owned;
  asio::io_context loop(1);
  bool resumed = false;
  {
    Clerk clerk(loop, Clerk::Settings());
    asio::co_spawn(loop,
                   run_one(
                       clerk, [kept = std::move(owned)] {}, resumed),
                   asio::detached);
    loop.poll_one();
    clerk.abandon();
  }
  CHECK(watch.expired());
  CHECK_FALSE(resumed);
}

TEST_CASE("the clerk's threads take no signals", "[storage][clerk]") {
  asio::io_context loop(1);
  Clerk clerk(loop, Clerk::Settings());
  bool blocked = false;
  clerk.leave([&blocked] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGHUP) == 1;
  });
  clerk.settle();
  CHECK(blocked);
}

TEST_CASE("who comes while a round is under way is served by a later one", "[storage][clerk]") {
  asio::io_context loop(1);
  Clerk clerk(loop, Clerk::Settings{9, 256 * 1024});
  Rounds<int> rounds;
  std::vector<std::vector<int>> seen;
  std::barrier under_way(2);
  std::atomic<int> entered{0};
  int first = 0;
  std::vector<int> others = {1, 2, 3, 4, 5, 6, 7, 8};
  const auto act = [&](std::span<int* const> works) {
    std::vector<int> values;
    for (const int* each : works) values.push_back(*each);
    seen.push_back(values);
  };
  clerk.leave([&] {
    rounds.join(first, [&](std::span<int* const> works) {
      act(works);
      under_way.arrive_and_wait();
      // The others are on their way in; the last of them is counted before it joins, so this
      // round may end a moment too early for it, and it has one of its own.
      while (entered < 8) std::this_thread::yield();
    });
  });
  under_way.arrive_and_wait();
  for (int& each : others) {
    clerk.leave([&] {
      ++entered;
      rounds.join(each, act);
    });
  }
  clerk.settle();
  std::size_t total = 0;
  for (const auto& round : seen) total += round.size();
  CHECK(total == 9);
  CHECK(seen.front() == std::vector<int>{0});
  CHECK(seen.size() >= 2);
}

TEST_CASE("rounds under load lose nobody and run one at a time", "[storage][clerk]") {
  asio::io_context loop(1);
  Clerk clerk(loop, Clerk::Settings());
  Rounds<bool> rounds;
  std::atomic<int> inside{0};
  std::atomic<int> overlaps{0};
  std::atomic<int> served{0};
  for (int n = 0; n < 4000; ++n) {
    clerk.leave([&] {
      bool mine = false;
      rounds.join(mine, [&](std::span<bool* const> works) {
        if (++inside != 1) ++overlaps;
        for (bool* each : works) *each = true;
        --inside;
      });
      if (mine) ++served;
    });
  }
  clerk.settle();
  CHECK(served == 4000);
  CHECK(overlaps == 0);
}

}  // namespace gatepost::storage
