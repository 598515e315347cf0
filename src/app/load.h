// SPDX-License-Identifier: Apache-2.0
// app: the configuration file with all that it names, checked as a whole.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/settings_directory.h"
#include "config/document.h"
#include "config/settings.h"
#include "tables/files.h"

namespace gatepost::app {

/// Where a file has each parameter.
struct Places {
  std::string file;
  config::Document document;

  /// "FILE:LINE: " in front of a text that begins with a parameter's name, or with "warning: " and
  /// one; "FILE: " when it is not in the file.
  [[nodiscard]] std::string locate(std::string_view text) const;
};

/// Settings that may be put into force: no row is wrong, every table and user file is read, and
/// nothing makes an open relay.
struct LoadedSettings {
  std::shared_ptr<const config::Settings> settings;
  std::shared_ptr<SettingsDirectory> directory;
  std::vector<std::string> notes;  ///< What is worth telling, one line each.
  Places places{};
};

/// All that is wrong, one line each, with file and line where there are some.
struct LoadRefusal {
  std::vector<std::string> lines;
  std::vector<std::string> notes;
};

/// `files` outlives the directory.
[[nodiscard]] std::variant<LoadedSettings, LoadRefusal> load_settings(const std::string& file,
                                                                      tables::Files& files);

/// The same for settings that are parsed already.
[[nodiscard]] std::variant<LoadedSettings, LoadRefusal> open_settings(
    std::shared_ptr<const config::Settings> settings, tables::Files& files);

}  // namespace gatepost::app
