// SPDX-License-Identifier: Apache-2.0
// tests: files that are entries of a map.
#pragma once

#include <map>
#include <string>

#include "base/format.h"
#include "tables/files.h"

namespace gatepost::test {

class MapFiles final : public tables::Files {
 public:
  void write(const std::string& path, std::string text) {
    File& file = files_[path];
    file.text = std::move(text);
    ++file.version;
  }
  void remove(const std::string& path) { files_.erase(path); }

  Result<std::string> read(const std::string& path, std::size_t most) override {
    ++reads;
    const auto found = files_.find(path);
    if (found == files_.end()) return missing(path);
    if (found->second.text.size() > most) return Error{Cause::Permanent, path + ": too long"};
    return found->second.text;
  }
  Result<tables::Stamp> stamp(const std::string& path) override {
    const auto found = files_.find(path);
    if (found == files_.end()) return missing(path);
    tables::Stamp out;
    out.octets = found->second.text.size();
    out.modified = found->second.version;
    return out;
  }

  int reads = 0;

 private:
  struct File {
    std::string text;
    std::int64_t version = 0;
  };
  static Error missing(const std::string& path) {
    return {Cause::Temporary, "open " + path + ": No such file or directory", 2};
  }
  std::map<std::string, File> files_;
};

}  // namespace gatepost::test
