// SPDX-License-Identifier: Apache-2.0
// cli: where the service that is meant listens.
#include "cli/socket_path.h"

#include "app/disk_files.h"
#include "base/limits.h"
#include "config/load.h"
#include "system/process.h"

namespace gatepost::cli {

Result<std::string> find_socket(const Options& options) {
  if (!options.socket.empty()) return options.socket;
  app::DiskFiles files;
  config::Source source;
  source.path = options.configuration;
  GP_TRY(source.text, files.read(options.configuration, limits::kFile));
  source.host_name = system::host_name();
  const config::Loaded loaded = config::load(source, files);
  // A service may well run with the settings from before a mistake was made in the file, so only
  // a mistake that hides the socket's path stands in the way.
  if (!loaded.settings.control_socket.empty()) return loaded.settings.control_socket;
  for (const config::Finding& finding : loaded.findings.all()) {
    if (finding.severity == config::Severity::Error) {
      return Error{Cause::Permanent, finding.line_text()};
    }
  }
  return Error{Cause::Permanent, options.configuration + ": control_socket is empty"};
}

}  // namespace gatepost::cli
