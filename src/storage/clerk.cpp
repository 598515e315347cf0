// SPDX-License-Identifier: Apache-2.0
// storage: the clerk's threads, and the way back to the loop.
#include "storage/clerk.h"

#include <algorithm>
#include <signal.h>

#include <asio/post.hpp>

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

Clerk::Clerk(asio::io_context& loop, Settings settings) : loop_(loop), settings_(settings) {
  GP_ASSERT(settings_.threads > 0);
}

Clerk::~Clerk() {
  abandon();
}

void Clerk::submit(Job* job) {
  if (!job->left) {
    if (awaited_++ == 0) guard_.emplace(loop_.get_executor());
  }
  bool here = false;
  bool more = false;
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
        wake_.notify_one();
      } else {
        more = threads_.size() < settings_.threads;
      }
    }
  }
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
  bool post = false;
  {
    const std::lock_guard lock(mutex_);
    if (!left) {
      done_.push(job);
      post = !posted_;
      posted_ = true;
    }
    if (--running_ == 0 && waiting_.empty()) quiet_.notify_all();
  }
  // One post for all that end before the loop looks.
  if (post) asio::post(loop_, [this] { deliver(); });
}

void Clerk::deliver() {
  {
    const std::lock_guard lock(mutex_);
    posted_ = false;
    ready_.append(done_);
  }
  // What a resumed task throws goes to the loop's caller; the others must not wait for ever.
  struct Rest {
    Clerk& clerk;
    ~Rest() {
      if (!clerk.ready_.empty()) asio::post(clerk.loop_, [self = &clerk] { self->deliver(); });
    }
  } rest{*this};
  while (!ready_.empty()) {
    Job* job = ready_.pop();
    if (--awaited_ == 0) guard_.reset();
    job->resume();
  }
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
    if (--awaited_ == 0) guard_.reset();
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
