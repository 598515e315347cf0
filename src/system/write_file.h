// SPDX-License-Identifier: Apache-2.0
// system: a small file written whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace gatepost::system {

/// Replaces `path` by a file of mode 0600 that holds `octets`: written beside it, synced and renamed.
/// A reader sees the old or the new content, also after a power cut. Blocks for the sync.
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view octets);

}  // namespace gatepost::system
