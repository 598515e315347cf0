// SPDX-License-Identifier: Apache-2.0
// cli: the commands, what they take and what they do.
#include "cli/help.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/versions.h"

namespace gatepost::cli {

namespace {

constexpr std::array kCommands{
#define GP_COMMAND(name, function, arguments, text) CommandRow{name, function, arguments, text},
#include "cli/commands.def"
#undef GP_COMMAND
};

constexpr std::string_view kCommon =
    "  -c, --config FILE   the configuration; default /etc/gatepost/gatepost.conf\n"
    "  -h, --help          this text\n";
constexpr std::string_view kReading =
    "  -j, --json          JSON for programs\n"
    "      --no-color      no colours on a terminal\n";
constexpr std::string_view kAsking =
    "      --socket PATH   asks the service at this control socket, whatever is configured\n";

bool is_asking(const CommandRow& row) {
  constexpr std::array kAskers{status_command, metrics_command, queue_command, mailq_command,
                               reload_command, login_command,   spf_command,   greylist_command,
                               trap_command,   screen_command,  dnsbl_command, allow_command,
                               expect_command};
  return std::find(kAskers.begin(), kAskers.end(), row.function) != kAskers.end();
}

}  // namespace

std::span<const CommandRow> command_rows() {
  return kCommands;
}

const CommandRow* find_command(std::string_view name) {
  const auto row = std::find_if(kCommands.begin(), kCommands.end(),
                                [name](const CommandRow& one) { return one.name == name; });
  return row == kCommands.end() ? nullptr : &*row;
}

std::string_view nearest_command(std::string_view name) {
  const auto far = [name](const CommandRow& row) { return edit_distance(lower(name), row.name); };
  const auto& best = *std::min_element(
      kCommands.begin(), kCommands.end(),
      [&far](const CommandRow& a, const CommandRow& b) { return far(a) < far(b); });
  return far(best) <= 2 ? best.name : std::string_view();
}

std::string help_text() {
  std::string out = "usage: gatepost COMMAND [OPTION ...]\n\nCommands:\n";
  for (const CommandRow& row : kCommands) append_format(out, "  {:<9} {}\n", row.name, row.text);
  append_format(out, "\nOptions of all commands:\n{}", kCommon);
  out +=
      "\nCalled as sendmail, mailq or newaliases, it acts as these commands. gatepost COMMAND "
      "--help tells more.\n";
  return out;
}

std::string help_for(std::string_view command) {
  const CommandRow& row = *find_command(command);
  std::string out =
      format("usage: gatepost {} {}\n{}\n\n{}", row.name, row.arguments, row.text, kCommon);
  if (row.arguments.find("--json") != std::string_view::npos) out += kReading;
  if (is_asking(row)) out += kAsking;
  return out;
}

int help_command(Arguments arguments) {
  auto options = parse_options(arguments);
  if (!options) return fail(exits::kUsage, "help: " + options.error().detail);
  if (options->words.empty()) return print(help_text());
  const std::string& name = options->words.front();
  if (find_command(name) == nullptr) {
    const std::string_view meant = nearest_command(name);
    return fail(exits::kUsage, format("no command {}{}{}", printable(name, limits::kLogText),
                                      meant.empty() ? "" : "; did you mean: ", meant));
  }
  return print(help_for(name));
}

int version_command(Arguments arguments) {
  auto options = parse_options(arguments);
  if (!options) return fail(exits::kUsage, "version: " + options.error().detail);
  if (options->help) return print(help_for("version"));
  return print(format_versions(options->json));
}

}  // namespace gatepost::cli
