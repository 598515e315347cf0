// SPDX-License-Identifier: Apache-2.0
// storage: the threads that may block, and the only locks of the program.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <asio/async_result.hpp>
#include <asio/io_context.hpp>

#include "base/loop.h"
#include "base/task.h"

namespace gatepost::storage {

/// A call to be made once or more, by who knows what it takes and returns but not what it does.
/// What carries it is compiled once for each result, not once for each job.
template <class R, class... Args>
class Work {
 public:
  virtual ~Work() = default;
  virtual R operator()(Args... args) = 0;
};
template <class F, class R, class... Args>
std::unique_ptr<Work<R, Args...>> make_work(F job) {
  class Given final : public Work<R, Args...> {
   public:
    explicit Given(F what) : what_(std::move(what)) {}
    R operator()(Args... args) override { return what_(std::forward<Args>(args)...); }

   private:
    F what_;
  };
  return std::make_unique<Given>(std::move(job));
}

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

  template <class R, class Handler>
  class Call;
  template <class F>
  class Errand;
  template <class R>
  struct Start;
  template <class R>
  Task<R> perform(std::unique_ptr<Work<R>> job);

  static void* enter(void* self);
  void serve();
  void submit(Job* job);
  bool start_thread();
  void finish(Job* job);
  void ring();
  void await_bell();
  void deliver();

  asio::io_context& loop_;
  const Settings settings_;
  WatchedDescriptor bell_;  ///< Rung by threads, awaited by the loop.
  // Of the loop's thread.
  std::vector<pthread_t> threads_;
  std::size_t awaited_ = 0;
  bool listening_ = false;  ///< The loop awaits the bell, and so does not end.
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
  bool rung_ = false;  ///< And not answered yet.
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
    std::unique_lock lock(mutex_);
    if (!next_) next_ = std::make_shared<Round>();
    const std::shared_ptr<Round> round = next_;
    const bool leads = round->works.empty();
    round->works.push_back(&work);
    if (!leads || busy_) {
      lock.unlock();
      round->wait(leads ? State::Turn : State::Done);
      if (!leads) return;
      lock.lock();
    }
    busy_ = true;
    next_.reset();
    lock.unlock();
    std::forward<Act>(act)(std::span<Work* const>(round->works));
    lock.lock();
    const std::shared_ptr<Round> following = next_;
    busy_ = following != nullptr;
    lock.unlock();
    // The disk first, then those who have their answer.
    if (following) following->go_on(State::Turn);
    round->go_on(State::Done);
  }

 private:
  enum class State : unsigned char { Waiting, Turn, Done };

  /// Owned by all who wait for it, so that they are woken when no lock is held that they need:
  /// a thread that wakes up to find a lock taken has to be woken twice.
  struct Round {
    void wait(State until) {
      std::unique_lock lock(mutex);
      auto& wake = until == State::Turn ? turn : done;
      while (state < until) wake.wait(lock);
    }
    void go_on(State to) {
      {
        const std::lock_guard lock(mutex);
        state = to;
      }
      to == State::Turn ? turn.notify_one() : done.notify_all();
    }

    std::vector<Work*> works;  ///< Under the lock of the rounds until it is led.
    std::mutex mutex;
    std::condition_variable turn;  ///< Only who leads waits for it.
    std::condition_variable done;
    State state = State::Waiting;
  };

  std::mutex mutex_;
  std::shared_ptr<Round> next_;  ///< Whom the next comer joins.
  bool busy_ = false;
};

template <class R, class Handler>
class Clerk::Call final : public Clerk::Job {
 public:
  Call(std::unique_ptr<Work<R>> job, Handler handler)
      : job_(std::move(job)), handler_(std::move(handler)) {}

  void work() noexcept override {
    if constexpr (std::is_void_v<R>) {
      (*job_)();
    } else {
      result_.emplace((*job_)());
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
  std::unique_ptr<Work<R>> job_;
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

template <class R>
struct Clerk::Start {
  Clerk* clerk;
  template <class Handler>
  void operator()(Handler&& handler, std::unique_ptr<Work<R>> job) const {
    using Plain = std::decay_t<Handler>;
    clerk->submit(new Call<R, Plain>(std::move(job), std::forward<Handler>(handler)));
  }
};

template <class R>
Task<R> Clerk::perform(std::unique_ptr<Work<R>> job) {
  const UseTask token;
  if constexpr (std::is_void_v<R>) {
    return asio::async_initiate<const UseTask, void()>(Start<R>{this}, token, std::move(job));
  } else {
    return asio::async_initiate<const UseTask, void(R)>(Start<R>{this}, token, std::move(job));
  }
}

template <class F>
Task<std::invoke_result_t<F&>> Clerk::run(F job) {
  using R = std::invoke_result_t<F&>;
  return perform<R>(make_work<F, R>(std::move(job)));
}

template <class F>
void Clerk::leave(F job) {
  submit(new Errand<F>(std::move(job)));
}

}  // namespace gatepost::storage
