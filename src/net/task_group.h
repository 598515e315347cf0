// SPDX-License-Identifier: Apache-2.0
// net: owns running tasks; the one place where a task is let go.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include <asio/io_context.hpp>

#include "base/task.h"

namespace gatepost::net {

/// Told when a task ended by an exception: a bug or no memory. The others live on.
class TaskWatch {
 public:
  virtual ~TaskWatch() = default;
  virtual void task_failed(std::string_view name, std::string_view detail) = 0;
};

/// Whose task is over: it returned, threw, or was dropped with the loop. Its frame is gone.
class TaskEnd {
 public:
  virtual ~TaskEnd() = default;
  virtual void task_ended() = 0;
};

/// Counts the tasks it started, so that a shutdown can wait for them.
class TaskGroup {
 public:
  /// Both outlive the group.
  TaskGroup(asio::io_context& loop, TaskWatch& watch) : loop_(loop), watch_(watch) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `task` on the loop. `name` is a literal.
  void spawn(std::string_view name, Task<void> task) { spawn(name, std::move(task), nullptr); }
  /// The same; `whose` hears of the end, also when this throws. May be null.
  void spawn(std::string_view name, Task<void> task, TaskEnd* whose);
  [[nodiscard]] std::size_t running() const { return running_; }

 private:
  asio::io_context& loop_;
  TaskWatch& watch_;
  std::size_t running_ = 0;
};

}  // namespace gatepost::net
