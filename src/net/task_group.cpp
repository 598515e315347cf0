// SPDX-License-Identifier: Apache-2.0
// net: owns running tasks; the one place where a task is let go.
#include "net/task_group.h"

#include <exception>
#include <memory>
#include <utility>

#include <asio/co_spawn.hpp>

namespace gatepost::net {

namespace {

struct TellEnd {
  void operator()(TaskEnd* whose) const { whose->task_ended(); }
};

}  // namespace

void TaskGroup::spawn(std::string_view name, Task<void> task, TaskEnd* whose) {
  std::unique_ptr<TaskEnd, TellEnd> end(whose);
  ++running_;
  auto finish = [this, name, end = std::move(end)](const std::exception_ptr& failure) {
    --running_;
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      watch_.task_failed(name, error.what());
    } catch (...) {
      watch_.task_failed(name, "unknown exception");
    }
  };
  asio::co_spawn(loop_, std::move(task), std::move(finish));
}

}  // namespace gatepost::net
