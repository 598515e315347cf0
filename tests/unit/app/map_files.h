// SPDX-License-Identifier: Apache-2.0
// tests: files made of a map.
#pragma once

#include <cerrno>
#include <map>
#include <string>

#include "tables/files.h"

namespace gatepost::test {

class MapFiles final : public tables::Files {
 public:
  void put(const std::string& path, std::string text) {
    texts_[path] = std::move(text);
    ++versions_[path];
  }
  void remove(const std::string& path) { texts_.erase(path); }

  Result<std::string> read(const std::string& path, std::size_t) override {
    const auto found = texts_.find(path);
    if (found == texts_.end()) return system_error("open " + path, ENOENT);
    return found->second;
  }
  Result<tables::Stamp> stamp(const std::string& path) override {
    const auto found = texts_.find(path);
    if (found == texts_.end()) return system_error(path, ENOENT);
    tables::Stamp out;
    out.inode = versions_[path];
    out.octets = found->second.size();
    return out;
  }

 private:
  std::map<std::string, std::string> texts_;
  std::map<std::string, std::uint64_t> versions_;
};

}  // namespace gatepost::test
