// SPDX-License-Identifier: Apache-2.0
// tests: runs what changes a process for good in a process of its own.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

namespace gatepost::tests {

/// How a child ended: its exit code, or minus the signal that ended it.
template <class Body>
int in_child(Body body) {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) ::_exit(body());
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/// The first false of a row of conditions, counted from 1; 0 when all hold. For exit codes.
template <class... Conditions>
int first_false(Conditions... conditions) {
  int place = 0;
  int found = 0;
  ((++place, found = (found == 0 && !conditions) ? place : found), ...);
  return found;
}

}  // namespace gatepost::tests
