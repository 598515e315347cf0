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
    ++reads_[path];
    const auto found = texts_.find(path);
    if (found == texts_.end()) return system_error("open " + path, ENOENT);
    return found->second;
  }
  Result<tables::Stamp> stamp(const std::string& path) override {
    ++stamps_[path];
    const auto found = texts_.find(path);
    if (found == texts_.end()) return system_error(path, ENOENT);
    tables::Stamp out;
    out.inode = versions_[path];
    out.octets = found->second.size();
    return out;
  }
  /// How often each was asked for.
  [[nodiscard]] std::size_t reads(const std::string& path) { return reads_[path]; }
  [[nodiscard]] std::size_t stamps(const std::string& path) { return stamps_[path]; }

 private:
  std::map<std::string, std::string> texts_;
  std::map<std::string, std::uint64_t> versions_;
  std::map<std::string, std::size_t> reads_;
  std::map<std::string, std::size_t> stamps_;
};

}  // namespace gatepost::test
