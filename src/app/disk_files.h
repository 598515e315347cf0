// SPDX-License-Identifier: Apache-2.0
// app: the files of tables, lists and configuration, over the system's calls.
#pragma once

#include "tables/files.h"

namespace gatepost::app {

class DiskFiles : public tables::Files {
 public:
  Result<std::string> read(const std::string& path, std::size_t most) override;
  Result<tables::Stamp> stamp(const std::string& path) override;
};

}  // namespace gatepost::app
