// SPDX-License-Identifier: Apache-2.0
// cli: a small file that is replaced whole, by one editor at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "base/result.h"
#include "base/secret.h"

namespace gatepost::cli {

/// Held by flock(2) from open() to the end: two editors never lose each other's change. What reads
/// the file sees the old or the new text, whenever the power fails.
class LockedFile {
 public:
  /// Symbolic links are followed, so that the file itself is replaced and not the link. A missing
  /// file is made where `group` is given, with mode 0640, owned by us and that group. Waits for
  /// another editor, ten seconds at most: Temporary then.
  [[nodiscard]] static Result<LockedFile> open(const std::string& path, std::optional<gid_t> group);
  LockedFile(LockedFile&& other) noexcept;
  LockedFile& operator=(LockedFile&&) = delete;
  LockedFile(const LockedFile&) = delete;
  ~LockedFile();

  [[nodiscard]] std::string_view text() const { return text_.reveal(); }

  /// On disk when it returns, with the owner and mode the file had; once. Nothing is changed where
  /// they cannot be kept.
  Result<void> replace(std::string_view text);

 private:
  LockedFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  Result<void> read();
  Result<void> fill(int descriptor, std::string_view text);

  std::string path_;
  int descriptor_ = -1;
  Secret text_;
};

}  // namespace gatepost::cli
