// SPDX-License-Identifier: Apache-2.0
// cli: which version this is, and of what it is made.
#pragma once

#include <string>
#include <vector>

namespace gatepost::cli {

struct LibraryVersion {
  std::string name;     ///< As in third_party/VERSIONS.
  std::string version;  ///< "3.6.7"
};

/// The libraries that are linked in, by their own word where they give it at run time.
[[nodiscard]] std::vector<LibraryVersion> library_versions();
/// "gatepost 0.1.0" and one line for each library, or one JSON object.
[[nodiscard]] std::string format_versions(bool json);

}  // namespace gatepost::cli
