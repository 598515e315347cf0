// SPDX-License-Identifier: Apache-2.0
// tests: a folder that is gone when the test ends.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdlib.h>
#include <string>
#include <string_view>

namespace gatepost::tests {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "gatepost-test-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }
  /// Writes a file anew and returns its path.
  std::string write(std::string_view name, std::string_view text) const {
    const auto path = *this / name;
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    return path;
  }
  /// The same by a new file renamed over it, as careful programs do.
  std::string replace(std::string_view name, std::string_view text) const {
    const auto next = write(std::string(name) + ".next", text);
    std::filesystem::rename(next, *this / name);
    return *this / name;
  }
  [[nodiscard]] std::string read(std::string_view name) const {
    std::ifstream file(*this / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string path_;
};

}  // namespace gatepost::tests
