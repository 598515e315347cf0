// SPDX-License-Identifier: Apache-2.0
// system: whole files, and by what a change of one is seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace gatepost::system {

/// All of a regular file. Longer than `most` octets, or no regular file: an error. Errors name
/// the path and carry errno. Blocks.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t most);

struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t octets = 0;
  std::int64_t modified = 0;  ///< Nanoseconds since 1970, as is the next.
  std::int64_t changed = 0;
};
[[nodiscard]] Result<FileStamp> stamp_file(const std::string& path);

}  // namespace gatepost::system
