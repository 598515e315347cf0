// SPDX-License-Identifier: Apache-2.0
// state: what is remembered but may be lost: one database on a thread of its own.
#include "state/state_store.h"

#include <chrono>

namespace gatepost::state {
namespace {

using namespace std::literals;

/// How often a file that could not be used is looked at again.
constexpr auto kTryAgain = 60s;
constexpr std::size_t kMostProblems = 20;

}  // namespace

StateStore::StateStore(asio::io_context& loop,
                       storage::Files& files,
                       std::string folder,
                       Instant started)
    : database_(files, std::move(folder)),
      started_(started),
      clerk_(loop, storage::Clerk::Settings{.threads = 1}) {}

StateStore::~StateStore() {
  clerk_.abandon();
}

void StateStore::publish() {
  has_open_ = database_.has_open();
  in_memory_ = database_.in_memory();
  base_ = database_.base();
  last_written_ = database_.last_written();
  generation_ = database_.generation();
  auto told = database_.take_problems();
  if (told.empty()) return;
  problems_.with([&told](std::vector<std::string>& all) {
    for (std::string& line : told) {
      if (all.size() < kMostProblems) all.push_back(std::move(line));
    }
  });
}

Stamp StateStore::now(Moment wall, Instant steady) const {
  return state_time(wall, steady - started_, right_base_ == 0 ? base_.load() : right_base_);
}

void StateStore::note_time(Moment wall, Instant steady) {
  const Stamp right = state_time(wall, {}, 0);
  const auto ran = std::chrono::floor<std::chrono::seconds>(steady - started_).count();
  if (is_sane(right)) right_base_ = right - ran;
}

Task<Result<void>> StateStore::commit(Moment wall, Instant steady, std::uint64_t failures) {
  // No number in the errors: they are no reason to look for another file once more.
  auto job = [this, stamp = now(wall, steady), failures](StateDatabase& state) -> Result<void> {
    GP_CHECK(state.commit(stamp));
    if (state.in_memory()) return Error{Cause::Temporary, "state.db cannot be used"};
    if (failures_.load() == failures) return {};
    return Error{Cause::Temporary, "state.db could not be written"};
  };
  return run(std::move(job));
}

void StateStore::tick(Moment wall, Instant steady, Duration interval) {
  if (stopped_) return;
  note_time(wall, steady);
  ticked_ = true;
  if (in_memory_.load() && steady - tried_ >= kTryAgain) {
    tried_ = steady;
    clerk_.leave([this] {
      database_.come_back();
      publish();
    });
  }
  if (!has_open_.load()) {
    open_since_ = kNever;
    return;
  }
  if (open_since_ == kNever) open_since_ = steady;
  // A disk that is slower than the interval gets no second commit behind the first.
  if (steady - open_since_ < interval || committing_.load()) return;
  open_since_ = kNever;
  committing_ = true;
  clerk_.leave([this, stamp = now(wall, steady)] {
    static_cast<void>(database_.commit(stamp));
    committing_ = false;
    publish();
  });
}

void StateStore::stop(Moment wall, Instant steady) {
  if (stopped_) return;
  stopped_ = true;
  note_time(wall, steady);
  clerk_.leave([this, stamp = now(wall, steady)] {
    database_.close(stamp);
    publish();
  });
  clerk_.stop();
}

std::vector<std::string> StateStore::take_problems() {
  return problems_.with(
      [](std::vector<std::string>& all) { return std::exchange(all, std::vector<std::string>()); });
}

}  // namespace gatepost::state
