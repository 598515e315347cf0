// SPDX-License-Identifier: Apache-2.0
// config: from the text of gatepost.conf to settings, with everything that is wrong in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/document.h"
#include "config/finding.h"
#include "config/settings.h"
#include "tables/files.h"

namespace gatepost::config {

struct Source {
  std::string path;  ///< As findings name it.
  std::string text;
  std::string host_name;  ///< The kernel's, for the default of myhostname.
  std::string folder{};   ///< Where relative paths begin; empty: the folder of `path`.
};

struct Loaded {
  Settings settings;  ///< To be used only when there are no errors.
  Findings findings;
  Document document{};  ///< Where each parameter is written.

  [[nodiscard]] bool ok() const { return !findings.has_errors(); }
};

/// Finds all mistakes, not only the first. `files` is asked for the files that values name as
/// lists (`/file`), not for tables, users, keys and certificates.
[[nodiscard]] Loaded load(const Source& source, tables::Files& files);

/// What `gatepost config` shows of a parameter.
struct Shown {
  std::string value;
  bool set = false;  ///< In the file; else it is the default.
};
/// `service` is empty or one of kServiceNames. With `expanded`, references are replaced where that
/// is possible. Nothing when there is no such parameter, neither ours nor in the file.
[[nodiscard]] std::optional<Shown> show(const Document& document,
                                        const std::string& host_name,
                                        std::string_view service,
                                        std::string_view name,
                                        bool expanded);

}  // namespace gatepost::config
