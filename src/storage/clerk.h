// SPDX-License-Identifier: Apache-2.0
// storage: the threads that may block, and the only locks of the program.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <asio/async_result.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>

#include "base/task.h"

namespace gatepost::storage {

/// A pool of threads for work that blocks, so that syncs of different messages overlap.
///
/// run(), leave(), stop() and the destructor belong to the loop's thread. A job that was
/// taken is always carried out; nothing cancels it. Jobs begin in the order they came. Their
/// threads take no signals.
class Clerk {
 public:
  struct Settings {
    unsigned threads = 16;                  ///< At most; started when there is work for them.
    std::size_t stack_octets = 256 * 1024;  ///< Of each.
  };

  /// `loop` outlives the clerk and keeps running while jobs are under way.
  Clerk(asio::io_context& loop, Settings settings);
  /// As abandon().
  ~Clerk();
  Clerk(const Clerk&) = delete;
  Clerk& operator=(const Clerk&) = delete;

  /// Calls `job` on one of the threads and resumes the caller on the loop with what it
  /// returned. When the caller's frame dies first the result is dropped. Not cancelled by
  /// anything; a cancelled caller still resumes with the result.
  template <class F>
  Task<std::invoke_result_t<F&>> run(F job);

  /// Calls `job` on one of the threads; nobody waits for it.
  template <class F>
  void leave(F job);

  /// Blocks until no job waits or runs. Results may still wait for the loop.
  void settle();
  /// Carries out all jobs and ends the threads. Jobs given later run at once in the caller.
  void stop();
  /// stop(), then drops the tasks whose jobs are done but which the loop did not resume, and
  /// all they own. For an end without grace, when the loop will not run again.
  void abandon();

 private:
  class Job {
   public:
    virtual ~Job() = default;
    virtual void work() noexcept = 0;  ///< On a clerk's thread.
    virtual void resume() = 0;         ///< On the loop, after work(); deletes the job.
    bool left = false;                 ///< Nobody to resume: delete it after work().
    Job* next = nullptr;
  };

  class Line {
   public:
    [[nodiscard]] bool empty() const { return first_ == nullptr; }
    void push(Job* job);
    Job* pop();  ///< Only when not empty.
    void append(Line& other);

   private:
    Job* first_ = nullptr;
    Job* last_ = nullptr;
  };

  template <class F, class R, class Handler>
  class Call;
  template <class F>
  class Errand;
  template <class F, class R>
  struct Start;

  static void* enter(void* self);
  void serve();
  void submit(Job* job);
  bool start_thread();
  void finish(Job* job);
  void deliver();

  using Guard = asio::executor_work_guard<asio::io_context::executor_type>;

  asio::io_context& loop_;
  const Settings settings_;
  // Of the loop's thread.
  std::vector<pthread_t> threads_;
  std::size_t awaited_ = 0;
  std::optional<Guard> guard_;
  Line ready_;
  // Under mutex_.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable quiet_;
  Line waiting_;
  Line done_;
  unsigned sleeping_ = 0;  ///< Threads nobody has called yet.
  unsigned called_ = 0;    ///< Calls not yet answered by a thread.
  unsigned running_ = 0;
  bool posted_ = false;  ///< deliver() is on its way.
  bool stopping_ = false;
};

/// A value that several threads use in turns. Held for short, but where a comment says why.
template <class T>
class Guarded {
 public:
  template <class... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  template <class F>
  decltype(auto) with(F&& act) {
    const std::lock_guard lock(mutex_);
    return std::forward<F>(act)(value_);
  }

 private:
  std::mutex mutex_;
  T value_;
};

/// Work that costs as much for one as for many: a sync, a commit. Who comes while a round is
/// under way waits and shares the next one; the first of those leads it.
template <class Work>
class Rounds {
 public:
  /// Returns when `act(std::span<Work* const>)` was called, by this thread or another, with
  /// `work` among its works. That call began after this one. One `act` runs at a time.
  template <class Act>
  void join(Work& work, Act&& act) {
    Ticket ticket;
    std::unique_lock lock(mutex_);
    works_.push_back(&work);
    tickets_.push_back(&ticket);
    if (busy_) {
      while (!ticket.done && !ticket.leads) ticket.wake.wait(lock);
      if (ticket.done) return;
    }
    busy_ = true;
    const std::vector<Work*> works = std::exchange(works_, {});
    const std::vector<Ticket*> tickets = std::exchange(tickets_, {});
    lock.unlock();
    std::forward<Act>(act)(std::span<Work* const>(works));
    lock.lock();
    // Under the lock: a ticket is gone as soon as its owner may look at it.
    for (Ticket* each : tickets) {
      each->done = true;
      if (each != &ticket) each->wake.notify_one();
    }
    busy_ = !tickets_.empty();
    if (busy_) {
      tickets_.front()->leads = true;
      tickets_.front()->wake.notify_one();
    }
  }

 private:
  struct Ticket {
    std::condition_variable wake;
    bool done = false;
    bool leads = false;
  };

  std::mutex mutex_;
  std::vector<Work*> works_;
  std::vector<Ticket*> tickets_;
  bool busy_ = false;
};

template <class F, class R, class Handler>
class Clerk::Call final : public Clerk::Job {
 public:
  Call(F job, Handler handler) : job_(std::move(job)), handler_(std::move(handler)) {}

  void work() noexcept override {
    if constexpr (std::is_void_v<R>) {
      job_();
    } else {
      result_.emplace(job_());
    }
  }

  void resume() override {
    // Freed before the handler runs: it may ask for the next job at once.
    Handler handler(std::move(handler_));
    if constexpr (std::is_void_v<R>) {
      delete this;
      std::move(handler)();
    } else {
      R result(std::move(*result_));
      delete this;
      std::move(handler)(std::move(result));
    }
  }

 private:
  struct Nothing {};
  F job_;
  Handler handler_;
  std::optional<std::conditional_t<std::is_void_v<R>, Nothing, R>> result_;
};

template <class F>
class Clerk::Errand final : public Clerk::Job {
 public:
  explicit Errand(F job) : job_(std::move(job)) { left = true; }
  void work() noexcept override { job_(); }
  void resume() override { delete this; }

 private:
  F job_;
};

template <class F, class R>
struct Clerk::Start {
  Clerk* clerk;
  template <class Handler>
  void operator()(Handler&& handler, F job) const {
    using Plain = std::decay_t<Handler>;
    clerk->submit(new Call<F, R, Plain>(std::move(job), std::forward<Handler>(handler)));
  }
};

template <class F>
Task<std::invoke_result_t<F&>> Clerk::run(F job) {
  using R = std::invoke_result_t<F&>;
  const asio::use_awaitable_t<> token;
  if constexpr (std::is_void_v<R>) {
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(Start<F, R>{this}, token,
                                                                       std::move(job));
  } else {
    return asio::async_initiate<const asio::use_awaitable_t<>, void(R)>(Start<F, R>{this}, token,
                                                                        std::move(job));
  }
}

template <class F>
void Clerk::leave(F job) {
  submit(new Errand<F>(std::move(job)));
}

}  // namespace gatepost::storage
