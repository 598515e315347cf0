// SPDX-License-Identifier: Apache-2.0
// storage: the clerk's threads, and the way back to the loop.
#include "storage/clerk.h"

#include <cstdint>
#include <signal.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

#include <asio/post.hpp>

#include "base/loop.h"
#include "base/result.h"

namespace gatepost::storage {

void Clerk::Line::push(Job* job) {
  job->next = nullptr;
  (first_ == nullptr ? first_ : last_->next) = job;
  last_ = job;
}

Clerk::Job* Clerk::Line::pop() {
  Job* job = first_;
  first_ = job->next;
  return job;
}

void Clerk::Line::append(Line& other) {
  if (other.empty()) return;
  (first_ == nullptr ? first_ : last_->next) = other.first_;
  last_ = other.last_;
  other.first_ = nullptr;
}

// Not asio::post(): that wakes the loop while it holds a lock the loop needs first of all, so
// that for most messages the loop's thread fell asleep again and had to be woken once more.
Clerk::Clerk(asio::io_context& loop, Settings settings)
    : loop_(loop), settings_(settings), bell_(loop, ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  GP_ASSERT(settings_.threads > 0);
}

Clerk::~Clerk() {
  abandon();
}

void Clerk::submit(Job* job) {
  if (!job->left) {
    ++awaited_;
    await_bell();
  }
  bool here = false;
  bool more = false;
  bool call = false;
  {
    const std::lock_guard lock(mutex_);
    here = stopping_;
    if (here) {
      ++running_;
    } else {
      waiting_.push(job);
      // A sleeper is called by name, so to say: two jobs in a row never count on one thread.
      if (sleeping_ > 0) {
        --sleeping_;
        ++called_;
        call = true;
      } else {
        more = threads_.size() < settings_.threads;
      }
    }
  }
  // Without the lock: the thread wants it as soon as it wakes up.
  if (call) wake_.notify_one();
  if (here) {
    job->work();
    finish(job);
  } else if (more && !start_thread() && threads_.empty()) {
    // No thread to be had at all. The loop does the work itself: slow, but nothing is lost.
    Job* own = nullptr;
    {
      const std::lock_guard lock(mutex_);
      own = waiting_.pop();
      ++running_;
    }
    own->work();
    finish(own);
  }
}

bool Clerk::start_thread() {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, settings_.stack_octets);
  // Signals are for the loop; the threads inherit the mask they are born under.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread{};
  const int failure = pthread_create(&thread, &attributes, &Clerk::enter, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (failure != 0) return false;
  threads_.push_back(thread);
  return true;
}

void* Clerk::enter(void* self) {
  static_cast<Clerk*>(self)->serve();
  return nullptr;
}

void Clerk::serve() {
  for (;;) {
    Job* job = nullptr;
    {
      std::unique_lock lock(mutex_);
      while (waiting_.empty()) {
        if (stopping_) return;
        ++sleeping_;
        while (called_ == 0 && !stopping_) wake_.wait(lock);
        if (called_ > 0) {
          --called_;
        } else {
          --sleeping_;
        }
      }
      job = waiting_.pop();
      ++running_;
    }
    job->work();
    finish(job);
  }
}

void Clerk::finish(Job* job) {
  const bool left = job->left;
  // An errand's belongings may themselves write when they are destroyed.
  if (left) delete job;
  bool call = false;
  {
    const std::lock_guard lock(mutex_);
    if (!left) {
      done_.push(job);
      call = !rung_;
      rung_ = true;
    }
    if (--running_ == 0 && waiting_.empty()) quiet_.notify_all();
  }
  // One ring for all that end before the loop looks.
  if (call) ring();
}

void Clerk::ring() {
  const std::uint64_t once = 1;
  // It cannot fail: the counter does not come near its end.
  [[maybe_unused]] const auto wrote = ::write(bell_.native_handle(), &once, sizeof(once));
}

void Clerk::await_bell() {
  if (listening_) return;
  listening_ = true;
  bell_.async_wait(WatchedDescriptor::wait_read, [this](const std::error_code& error) {
    if (error) return;
    listening_ = false;
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(bell_.native_handle(), &count, sizeof(count));
    deliver();
  });
}

void Clerk::deliver() {
  {
    const std::lock_guard lock(mutex_);
    rung_ = false;
    ready_.append(done_);
  }
  // What a resumed task throws goes to the loop's caller; the others must not wait for ever.
  struct Rest {
    Clerk& clerk;
    ~Rest() {
      const bool deaf = clerk.awaited_ > 0 && !clerk.listening_;
      if (clerk.ready_.empty() && !deaf) return;
      asio::post(clerk.loop_, [self = &clerk] { self->deliver(); });
    }
  } rest{*this};
  while (!ready_.empty()) {
    Job* job = ready_.pop();
    --awaited_;
    job->resume();
  }
  if (awaited_ > 0) await_bell();
}

void Clerk::settle() {
  std::unique_lock lock(mutex_);
  while (running_ > 0 || !waiting_.empty()) quiet_.wait(lock);
}

void Clerk::abandon() {
  stop();
  // What is dropped may leave errands, which now run at once, but nothing to wait for.
  ready_.append(done_);
  while (!ready_.empty()) {
    Job* job = ready_.pop();
    --awaited_;
    delete job;
  }
}

void Clerk::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  for (const pthread_t thread : threads_) pthread_join(thread, nullptr);
  threads_.clear();
}

}  // namespace gatepost::storage
