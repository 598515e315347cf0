// SPDX-License-Identifier: Apache-2.0
// tls: reads key and certificate files, and tells when they have changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace gatepost::tls {

/// Which file a name leads to, and how it was when looked at. A missing file has a stamp too.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = -1;
  std::int64_t modified_ns = 0;

  bool operator==(const FileStamp&) const = default;
};

[[nodiscard]] FileStamp stamp_of(const std::string& path);
[[nodiscard]] std::vector<FileStamp> stamps_of(const std::vector<std::string>& paths);

/// The whole file, at most 1 MiB. The path is in the error's text.
[[nodiscard]] Result<Secret> read_pem(const std::string& path);

}  // namespace gatepost::tls
