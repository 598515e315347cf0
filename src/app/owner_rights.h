// SPDX-License-Identifier: Apache-2.0
// app: files that are read as root at the start, and cannot be read again afterwards.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "app/disk_files.h"
#include "app/load.h"

namespace gatepost::app {

/// The system's files, with a note of each that was read.
class NotedFiles final : public DiskFiles {
 public:
  Result<std::string> read(const std::string& path, std::size_t most) override;
  [[nodiscard]] const std::set<std::string>& noted() const { return noted_; }

 private:
  std::set<std::string> noted_;
};

/// A line for each file that mail_owner may not read, of those that `files` read for `loaded` and of
/// the keys and certificates. None unless the process is root, as only then there is another owner.
[[nodiscard]] std::vector<std::string> find_unreadable_files(const LoadedSettings& loaded,
                                                             NotedFiles& files);

}  // namespace gatepost::app
