// SPDX-License-Identifier: Apache-2.0
// cli: mailq and newaliases, the companions of sendmail(1).
#include <unistd.h>

#include "cli/commands.h"
#include "cli/console.h"

namespace gatepost::cli {

int mailq_command(Arguments command_line) {
  const int status = queue_command(command_line);
  if (status != exits::kNotPermitted) return status;
  return fail(exits::kUnavailable,
              "mailq: the queue is shown to root, mail_owner and members of control_group");
}

int newaliases_command(Arguments command_line) {
  const int status = check_command(command_line);
  if (status == exits::kOk && ::isatty(STDOUT_FILENO) == 1) {
    return print("Alias files are right; they are read when they change.\n");
  }
  return status;
}

}  // namespace gatepost::cli
