// SPDX-License-Identifier: Apache-2.0
// delivery: takes what is due out of the queue, tries it, writes down what became of it.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

#include "base/loop.h"
#include "base/task.h"
#include "delivery/dial.h"
#include "delivery/world.h"
#include "log/log.h"
#include "net/connection.h"
#include "net/deadlines.h"
#include "net/task_group.h"
#include "queue/schedule.h"
#include "smtp/client_session.h"
#include "storage/mail_store.h"

namespace gatepost::delivery {

/// All calls from the loop's thread.
class Runner {
 public:
  /// All of it outlives the runner.
  struct Parts {
    asio::io_context& loop;
    net::TaskGroup& tasks;
    net::Deadlines& deadlines;
    storage::MailStore& store;
    log::Log& log;
    World& world;
  };
  struct Settings {
    std::string hostname;
    queue::Schedule schedule;
    Duration run_delay{300'000};  ///< queue_run_delay
    Duration connect_timeout{30'000};
    Duration command_timeout{300'000};
    Duration data_timeout{180'000};
    Duration done_timeout{600'000};
    std::size_t concurrency = 20;  ///< Items under way at once to one destination.
  };

  explicit Runner(Parts parts);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  /// Only when its tasks have ended.
  ~Runner();

  void configure(Settings settings) { settings_ = std::move(settings); }
  /// Begins to look at the queue.
  void start();
  /// There is something new in the queue, or something is due.
  void wake();
  /// While true nothing new is tried, for memory is short; what is under way goes on.
  void pause(bool yes);
  /// Ends all conversations; what they have not done is done at the next start.
  void stop();

 private:
  struct Attempt;
  struct Group;

  /// What is under way to one destination.
  struct Load {
    std::size_t items = 0;
    Instant progress{};  ///< When the last one ended, or the first began.
  };

  Task<void> run();
  bool begin(const queue::Item& item);
  [[nodiscard]] bool is_full(const Group& group) const;
  [[nodiscard]] bool is_stuck() const;
  void leave(const Group& group);
  Task<void> deliver(Attempt attempt, std::vector<Group> groups);
  void sort(Attempt& attempt, std::vector<Group>& groups);
  Task<void> inject(Attempt& attempt);
  Task<void> hand_over(Attempt& attempt, const Group& group);
  Task<bool> conclude(Attempt& attempt);
  static std::vector<Told> find_told(const Attempt& attempt, queue::State state);
  Task<bool> tell_sender(Attempt& attempt);
  void age(Attempt& attempt) const;
  void tell_log(const Attempt& attempt) const;

  Parts parts_;
  Settings settings_;
  Timer timer_;
  std::set<std::string> active_;
  std::map<std::string, Load> loads_;  ///< By the peer's name.
  std::set<net::Connection*> connections_;
  Dials dials_;
  bool running_ = false;
  bool woken_ = false;
  bool stopped_ = false;
  bool paused_ = false;
};

}  // namespace gatepost::delivery
