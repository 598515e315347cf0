// SPDX-License-Identifier: Apache-2.0
// app: the configuration file with all that it names, checked as a whole.
#include "app/load.h"

#include <utility>

#include "app/tls_wiring.h"
#include "app/wiring.h"
#include "base/limits.h"
#include "config/load.h"
#include "system/process.h"

namespace gatepost::app {
namespace {

void sort_findings(const config::Findings& findings,
                   std::vector<std::string>& errors,
                   std::vector<std::string>& notes) {
  for (const config::Finding& finding : findings.all()) {
    auto& to = (finding.severity == config::Severity::Error) ? errors : notes;
    to.push_back(finding.line_text());
  }
}

}  // namespace

std::variant<LoadedSettings, LoadRefusal> open_settings(
    std::shared_ptr<const config::Settings> settings, tables::Files& files) {
  LoadRefusal refusal;
  refusal.lines = find_faults(*settings);
  auto directory = SettingsDirectory::open(*settings, files);
  if (!directory) {
    refusal.lines.push_back(directory.error().detail);
    return refusal;
  }
  LoadedSettings out;
  out.notes = (*directory)->take_warnings();
  if (wants_tls(*settings)) {
    const auto tls = make_tls_settings(*settings, **directory, files);
    if (!tls) refusal.lines.push_back(tls.error().detail);
  }
  if (!refusal.lines.empty()) return refusal;
  out.settings = std::move(settings);
  out.directory = *std::move(directory);
  return out;
}

std::variant<LoadedSettings, LoadRefusal> load_settings(const std::string& file,
                                                        tables::Files& files) {
  auto text = files.read(file, limits::kFile);
  if (!text) return LoadRefusal{{text.error().detail}, {}};
  config::Source source;
  source.path = file;
  source.text = *std::move(text);
  source.host_name = system::host_name();
  config::Loaded loaded = config::load(source, files);
  std::vector<std::string> errors;
  std::vector<std::string> notes;
  sort_findings(loaded.findings, errors, notes);
  if (!errors.empty()) return LoadRefusal{std::move(errors), std::move(notes)};
  auto opened =
      open_settings(std::make_shared<const config::Settings>(std::move(loaded.settings)), files);
  if (auto* refused = std::get_if<LoadRefusal>(&opened)) {
    for (std::string& line : refused->lines) line.insert(0, file + ": ");
    refused->notes = std::move(notes);
    return opened;
  }
  auto& own = std::get<LoadedSettings>(opened).notes;
  own.insert(own.begin(), notes.begin(), notes.end());
  return opened;
}

}  // namespace gatepost::app
