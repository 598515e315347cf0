// SPDX-License-Identifier: Apache-2.0
// cli: one binary, many names: which command is meant by how the program was called.
#include "cli/dispatch.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/help.h"

namespace gatepost::cli {

namespace {

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// Options in front of the command (`gatepost -c FILE status`) are as good as behind it; they are
/// moved there. Gives the index of the command, or the size when there is none.
std::size_t command_at(Arguments arguments) {
  std::size_t at = 0;
  while (at < arguments.size() && arguments[at].starts_with('-')) {
    const bool takes_value =
        arguments[at] == "-c" || arguments[at] == "--config" || arguments[at] == "--socket";
    at += takes_value ? 2 : 1;
  }
  return std::min(at, arguments.size());
}

int without_command(Arguments arguments) {
  for (const std::string_view one : arguments) {
    if (one == "--version" || one == "-V") return version_command({});
    if (one == "--help" || one == "-h") return print(help_text());
  }
  complain(arguments.empty()
               ? "a command is needed"
               : format("no command after {}", printable(arguments[0], limits::kLogText)));
  return fail(exits::kUsage, "see gatepost --help");
}

}  // namespace

int dispatch(std::string_view program, Arguments arguments) {
  const std::string_view name = base_name(program);
  if (name == "mailq") return mailq_command(arguments);
  if (name == "sendmail") return sendmail_command(arguments);
  if (name == "newaliases") return newaliases_command(arguments);
  const std::size_t at = command_at(arguments);
  if (at == arguments.size()) return without_command(arguments);
  const std::string_view word = arguments[at];
  const CommandRow* row = find_command(word);
  if (row == nullptr) {
    const std::string_view meant = nearest_command(word);
    return fail(exits::kUsage,
                format("no command {}; {}{}", printable(word, limits::kLogText),
                       meant.empty() ? "see gatepost --help" : "did you mean: gatepost ", meant));
  }
  std::vector<std::string_view> rest(arguments.begin(),
                                     arguments.begin() + static_cast<std::ptrdiff_t>(at));
  rest.insert(rest.end(), arguments.begin() + static_cast<std::ptrdiff_t>(at) + 1, arguments.end());
  return row->function(rest);
}

}  // namespace gatepost::cli
