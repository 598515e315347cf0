// SPDX-License-Identifier: Apache-2.0
// storage: what is remembered but may be lost: one database on a thread of its own.
#include "storage/state_store.h"

#include <chrono>

namespace gatepost::storage {
namespace {

using namespace std::literals;

/// How often a file that could not be used is looked at again.
constexpr auto kTryAgain = 60s;
constexpr std::size_t kMostProblems = 20;

}  // namespace

StateStore::StateStore(asio::io_context& loop, Files& files, std::string folder, Instant started)
    : database_(files, std::move(folder)),
      started_(started),
      clerk_(loop, Clerk::Settings{.threads = 1}) {}

StateStore::~StateStore() {
  clerk_.abandon();
}

void StateStore::publish() {
  has_open_ = database_.has_open();
  in_memory_ = database_.in_memory();
  last_written_ = database_.last_written();
  auto told = database_.take_problems();
  if (told.empty()) return;
  problems_.with([&told](std::vector<std::string>& all) {
    for (std::string& line : told) {
      if (all.size() < kMostProblems) all.push_back(std::move(line));
    }
  });
}

Stamp StateStore::now(Moment wall, Instant steady) const {
  return state_time(wall, steady - started_, last_written_.load());
}

void StateStore::tick(Moment wall, Instant steady, Duration interval) {
  if (stopped_) return;
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
    database_.commit(stamp);
    committing_ = false;
    publish();
  });
}

void StateStore::stop(Moment wall, Instant steady) {
  if (stopped_) return;
  stopped_ = true;
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

}  // namespace gatepost::storage
