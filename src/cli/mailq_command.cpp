// SPDX-License-Identifier: Apache-2.0
// cli: mailq and newaliases, the companions of sendmail(1).
#include <string_view>
#include <unistd.h>
#include <vector>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/help.h"

namespace gatepost::cli {

namespace {

/// sendmail's -v asks for more words, of which there are none.
std::vector<std::string_view> without_verbose(Arguments arguments) {
  std::vector<std::string_view> out(arguments.begin(), arguments.end());
  std::erase(out, "-v");
  return out;
}

bool wants_help(Arguments arguments) {
  const auto options = parse_options(arguments);
  return options && options->help;
}

}  // namespace

int mailq_command(Arguments command_line) {
  const auto arguments = without_verbose(command_line);
  if (wants_help(arguments)) return print(help_for("mailq"));
  const int status = queue_command(arguments);
  if (status != exits::kNotPermitted) return status;
  return fail(exits::kUnavailable,
              "mailq: the queue is shown to root, mail_owner and members of control_group");
}

int newaliases_command(Arguments command_line) {
  const auto arguments = without_verbose(command_line);
  if (wants_help(arguments)) return print(help_for("newaliases"));
  const int status = check_command(arguments);
  if (status == exits::kOk && ::isatty(STDOUT_FILENO) == 1) {
    return print("Alias files are right; they are read when they change.\n");
  }
  return status;
}

}  // namespace gatepost::cli
