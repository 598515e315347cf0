// SPDX-License-Identifier: Apache-2.0
// app: the configuration file with all that it names, checked as a whole.
#include "app/load.h"

#include <utility>

#include "app/tls_wiring.h"
#include "app/wiring.h"
#include "base/limits.h"
#include "base/text.h"
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

std::string Places::locate(std::string_view text) const {
  constexpr std::string_view kWarning = "warning: ";
  std::string_view rest = text;
  if (rest.starts_with(kWarning)) rest.remove_prefix(kWarning.size());
  const config::Assignment* written = document.find("", rest.substr(0, rest.find_first_of(": ")));
  std::string out = file;
  if (written != nullptr) out += ":" + format_number(written->line);
  return out.append(": ").append(text);
}

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
  Places places{file, std::move(loaded.document)};
  auto opened =
      open_settings(std::make_shared<const config::Settings>(std::move(loaded.settings)), files);
  if (auto* refused = std::get_if<LoadRefusal>(&opened)) {
    for (std::string& line : refused->lines) line = places.locate(line);
    refused->notes = std::move(notes);
    return opened;
  }
  auto& own = std::get<LoadedSettings>(opened).notes;
  own.insert(own.begin(), notes.begin(), notes.end());
  std::get<LoadedSettings>(opened).places = std::move(places);
  return opened;
}

}  // namespace gatepost::app
