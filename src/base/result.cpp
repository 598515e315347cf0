// SPDX-License-Identifier: Apache-2.0
// base: errors from the system, and the end of a program that broke its own rules.
#include "base/result.h"

#include <cstdlib>
#include <cstring>
#include <exception>
#include <unistd.h>

namespace gatepost {

Error system_error(std::string_view what, int number) {
  char text[128] = {};
  const char* reason = strerror_r(number, text, sizeof text);
  std::string detail(what);
  detail.append(": ").append(reason);
  return Error{Cause::Temporary, std::move(detail), number};
}

void assertion_failed(const char* condition, const char* file, int line) {
  std::string text("<0>gatepost: broken invariant: ");
  text.append(condition).append(" at ").append(file).append(":").append(std::to_string(line));
  text.append("\n");
  // Written by hand: whatever else is broken, this line reaches the supervisor.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  std::abort();
}

}  // namespace gatepost

/// Takes the place of the library's own, which prints the name of the exception's type and
/// brings 50 kB of demangler and stdio with it.
void __gnu_cxx::__verbose_terminate_handler() {  // NOLINT: the library's name
  gatepost::assertion_failed("no exception leaves its task", __FILE__, __LINE__);
}
