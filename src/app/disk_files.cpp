// SPDX-License-Identifier: Apache-2.0
// app: the files of tables, lists and configuration, over the system's calls.
#include "app/disk_files.h"

#include "system/read_file.h"

namespace gatepost::app {

Result<std::string> DiskFiles::read(const std::string& path, std::size_t most) {
  return system::read_file(path, most);
}

Result<tables::Stamp> DiskFiles::stamp(const std::string& path) {
  GP_TRY(const system::FileStamp found, system::stamp_file(path));
  tables::Stamp out;
  out.device = found.device;
  out.inode = found.inode;
  out.octets = found.octets;
  out.modified = found.modified;
  out.changed = found.changed;
  return out;
}

}  // namespace gatepost::app
