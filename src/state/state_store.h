// SPDX-License-Identifier: Apache-2.0
// state: what is remembered but may be lost: one database on a thread of its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>

#include "base/stamp.h"
#include "base/task.h"
#include "base/time.h"
#include "state/state_database.h"
#include "storage/clerk.h"
#include "storage/files.h"

namespace gatepost::state {

/// Jobs on the state's database, one after the other. All calls from the loop's thread.
///
/// A job is callable as `Result<T> job(StateDatabase&)`, and may be called a second time, on
/// another database, when the first one turned out to be broken; so its outcome is an error only
/// where there is no database at all, or by a fault of the job. What it changed is on the disk
/// within the interval of tick(), and readable by other programs then.
class StateStore {
 public:
  /// `loop` and `files` outlive it. The file is opened by the first job. `started` is now.
  StateStore(asio::io_context& loop, storage::Files& files, std::string folder, Instant started);
  ~StateStore();

  template <class F>
  auto run(F job) -> Task<std::invoke_result_t<F&, StateDatabase&>> {
    using R = std::invoke_result_t<F&, StateDatabase&>;
    return clerk_.run(Attempt<R>{this, storage::make_work<F, R, StateDatabase&>(std::move(job))});
  }
  /// Nobody waits for it. Left out when more jobs wait than a disk can keep up
  /// with: what they would write may be lost.
  template <class F>
  void leave(F job) {
    if (waiting_.load() >= kMostWaiting) {
      ++failures_;
      return;
    }
    ++waiting_;
    using R = std::invoke_result_t<F&, StateDatabase&>;
    clerk_.leave(Left<R>{{this, storage::make_work<F, R, StateDatabase&>(std::move(job))}});
  }

  /// For stamps: see state_time().
  [[nodiscard]] Stamp now(Moment wall, Instant steady) const;
  /// See StateDatabase: as of the last job that is over.
  [[nodiscard]] Stamp last_written() const { return last_written_.load(); }
  [[nodiscard]] std::uint64_t generation() const { return generation_.load(); }
  /// How many of the jobs left came to nothing.
  [[nodiscard]] std::uint64_t failures() const { return failures_.load(); }
  /// Commits at once, for who says that what was given before is done. An error when it is not in
  /// the file: `failures` is what failures() gave before it was given.
  Task<Result<void>> commit(Moment wall, Instant steady, std::uint64_t failures);
  /// Once a second or so: commits what is older than `interval`.
  void tick(Moment wall, Instant steady, Duration interval);
  /// Commits and closes; blocks. Jobs given later find no database.
  void stop(Moment wall, Instant steady);
  /// The file cannot be used, and memory stands in for it.
  [[nodiscard]] bool in_memory() const { return in_memory_.load(); }
  /// For the log; told once.
  std::vector<std::string> take_problems();

 private:
  static constexpr std::size_t kMostWaiting = 10'000;

  template <class R>
  struct Attempt {
    R operator()() { return store->attempt(*job); }
    StateStore* store;
    std::unique_ptr<storage::Work<R, StateDatabase&>> job;
  };
  template <class R>
  struct Left : Attempt<R> {
    void operator()() {
      --this->store->waiting_;
      if (!Attempt<R>::operator()()) ++this->store->failures_;
    }
  };

  template <class R>
  R attempt(storage::Work<R, StateDatabase&>& job) {
    if (ticked_.exchange(false)) database_.try_again();
    database_.prepare_for_job();
    auto outcome = job(database_);
    if (!outcome && database_.recover(outcome.error())) outcome = job(database_);
    publish();
    return outcome;
  }
  void publish();
  void note_time(Moment wall, Instant steady);

  StateDatabase database_;  // The thread's.
  storage::Guarded<std::vector<std::string>> problems_;
  std::atomic<bool> has_open_{false};
  std::atomic<bool> in_memory_{false};
  std::atomic<bool> committing_{false};
  std::atomic<std::size_t> waiting_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<bool> ticked_{false};
  std::atomic<Stamp> base_{0};
  std::atomic<Stamp> last_written_{0};
  std::atomic<std::uint64_t> generation_{0};
  // The loop's.
  const Instant started_;
  Instant open_since_ = kNever;
  Instant tried_{};
  Stamp right_base_ = 0;  // By the clock, as it was when it was right; 0: it was not yet.
  bool stopped_ = false;
  storage::Clerk clerk_;  // Last: its thread uses the rest.
};

}  // namespace gatepost::state
