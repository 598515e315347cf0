// SPDX-License-Identifier: Apache-2.0
// cli: gatepost check: is the configuration right, with all that it names?
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "app/disk_files.h"
#include "app/host_checks.h"
#include "app/load.h"
#include "app/owner_rights.h"
#include "app/user_checks.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/help.h"
#include "control/json.h"

namespace gatepost::cli {

namespace {

int tell_json(const std::vector<std::string>& errors, const std::vector<std::string>& notes) {
  control::JsonDocument document;
  const auto root = document.object();
  const auto add = [&document, root](std::string_view name, const std::vector<std::string>& lines) {
    const auto list = document.array();
    for (const std::string& line : lines) document.append(list, line);
    document.put(root, name, list);
  };
  document.put(root, "ok", errors.empty());
  add("errors", errors);
  add("notes", notes);
  return print(document.write(root));
}

}  // namespace

int check_command(Arguments command_line) {
  auto options = parse_options(command_line);
  if (!options) return fail(exits::kUsage, "check: " + options.error().detail);
  if (options->help) return print(help_for("check"));
  if (!options->words.empty()) {
    return fail(exits::kUsage, "check takes no argument such as " + options->words.front());
  }
  app::NotedFiles files;
  const auto loaded = app::load_settings(options->configuration, files);
  std::vector<std::string> errors;
  std::vector<std::string> notes;
  if (const auto* refusal = std::get_if<app::LoadRefusal>(&loaded)) {
    errors = refusal->lines;
    notes = refusal->notes;
  } else {
    const auto& right = std::get<app::LoadedSettings>(loaded);
    const app::HostReport host = app::check_host(right, files);
    for (const std::string& line : host.errors) errors.push_back(right.places.locate(line));
    notes = right.notes;
    for (const std::string& line : host.warnings) notes.push_back(right.places.locate(line));
    for (std::string& line : app::find_user_faults(right, files)) notes.push_back(std::move(line));
    if (host.errors.empty()) {
      for (std::string& line : app::find_unreadable_files(right, files)) {
        notes.push_back(std::move(line));
      }
    }
  }
  if (options->json) {
    if (const int status = tell_json(errors, notes); status != exits::kOk) return status;
  } else {
    for (const std::string& line : errors) complain(line);
    for (const std::string& line : notes) complain(line);
  }
  return errors.empty() ? exits::kOk : exits::kConfig;
}

}  // namespace gatepost::cli
