// SPDX-License-Identifier: Apache-2.0
// storage: a damaged database is kept beside the new one, for a person to look at.
#include "storage/set_aside.h"

#include <cerrno>

#include "base/format.h"

namespace gatepost::storage {

std::string damaged_name(std::string_view file, int n) {
  return format("{}.damaged-{}", file, n);
}

Result<void> set_aside(
    Files& files, int folder, const std::string& file, std::vector<std::string>& told, int most) {
  for (int n = 1; n <= most; ++n) {
    const std::string name = damaged_name(file, n);
    if (files.facts(folder, name) || files.facts(folder, name + "-wal")) continue;
    // The file before its log: a log without a file is thrown away when the new one is opened,
    // but a file without its log may look whole and be days old.
    GP_CHECK(files.rename(folder, file, folder, name));
    auto done = files.rename(folder, file + "-wal", folder, name + "-wal");
    if (!done && done.error().system != ENOENT) return done;
    told.push_back(format("{} is damaged; it is kept as {}", file, name));
    return files.sync_folder(folder);
  }
  return Error{Cause::Permanent, "too many damaged " + file + " set aside", EEXIST};
}

}  // namespace gatepost::storage
