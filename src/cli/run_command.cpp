// SPDX-License-Identifier: Apache-2.0
// cli: gatepost run: the service in the foreground.
#include <climits>
#include <cstdlib>
#include <memory>
#include <utility>
#include <variant>

#include "app/app.h"
#include "app/startup.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/help.h"

namespace gatepost::cli {
namespace {

/// A path that stays right whatever the working directory is later.
std::string absolute(const std::string& path) {
  char* const whole = ::realpath(path.c_str(), nullptr);
  if (whole == nullptr) return path;  // Missing: the reader says so.
  std::string out(whole);
  std::free(whole);
  return out;
}

}  // namespace

int run_command(Arguments command_line) {
  auto options = parse_options(command_line);
  if (!options) return fail(exits::kUsage, "run: " + options.error().detail);
  if (options->help) return print(help_for("run"));
  if (!options->words.empty()) {
    return fail(exits::kUsage, "run takes no argument such as " + options->words.front());
  }
  auto opened = app::start_up(absolute(options->configuration));
  if (const auto* refusal = std::get_if<app::Refusal>(&opened)) {
    for (const std::string& line : refusal->lines) complain(line);
    return refusal->exit_code;
  }
  app::App app(std::get<std::unique_ptr<app::Opened>>(std::move(opened)));
  return app.run();
}

}  // namespace gatepost::cli
