// SPDX-License-Identifier: Apache-2.0
// net: owns running tasks; the one place where a task is let go.
#include "net/task_group.h"

#include <exception>
#include <utility>

#include <asio/co_spawn.hpp>

namespace gatepost::net {

void TaskGroup::spawn(std::string_view name, Task<void> task) {
  ++running_;
  asio::co_spawn(loop_, std::move(task), [this, name](const std::exception_ptr& failure) {
    --running_;
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      watch_.task_failed(name, error.what());
    } catch (...) {
      watch_.task_failed(name, "unknown exception");
    }
  });
}

}  // namespace gatepost::net
