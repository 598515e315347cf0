// SPDX-License-Identifier: Apache-2.0
// cli: what is said to the user: results on standard output, messages on standard error.
#include "cli/console.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <unistd.h>

#include "cli/options.h"

namespace gatepost::cli {

namespace {

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

int print(std::string_view text) {
  if (write_all(STDOUT_FILENO, text)) return exits::kOk;
  complain("standard output cannot be written");
  return exits::kInputOutput;
}

void complain(std::string_view text) {
  std::string line("gatepost: ");
  line.append(text).append("\n");
  // Where standard error is gone as well, the exit status has to say it alone.
  static_cast<void>(write_all(STDERR_FILENO, line));
}

int fail(int status, std::string_view text) {
  complain(text);
  return status;
}

bool may_color() {
  const char* none = std::getenv("NO_COLOR");  // NOLINT: a command has one thread
  const char* terminal = std::getenv("TERM");  // NOLINT
  const bool wanted = none == nullptr || *none == '\0';
  const bool able = terminal != nullptr && std::string_view(terminal) != "dumb";
  return wanted && able && ::isatty(STDOUT_FILENO) == 1;
}

}  // namespace gatepost::cli
