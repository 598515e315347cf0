// SPDX-License-Identifier: Apache-2.0
// tables: port: the files that tables, lists and the configuration are read from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace gatepost::tables {

/// By what a changed file is known.
struct Stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t octets = 0;
  std::int64_t modified = 0;  ///< Content: nanoseconds since 1970.
  std::int64_t changed = 0;   ///< Content, owner or name: nanoseconds since 1970.
  bool operator==(const Stamp&) const = default;
};

/// Implemented over the system's calls by app; by a map in tests. Errors name the path.
class Files {
 public:
  virtual ~Files() = default;
  /// The whole of a regular file of at most `most` octets; a longer one is an error.
  [[nodiscard]] virtual Result<std::string> read(const std::string& path, std::size_t most) = 0;
  [[nodiscard]] virtual Result<Stamp> stamp(const std::string& path) = 0;
};

}  // namespace gatepost::tables
