// SPDX-License-Identifier: Apache-2.0
// system: a small file written whole or not at all.
#include "system/write_file.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace gatepost::system {
namespace {

Result<void> fill(int file, const std::string& path, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t written = ::write(file, octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("write " + path, errno);
    octets.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file) != 0) return system_error("sync " + path, errno);
  return {};
}

}  // namespace

Result<void> write_file(const std::string& path, std::string_view octets) {
  const std::string fresh = path + ".new";
  const int file =
      ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return system_error("open " + fresh, errno);
  Result<void> filled = fill(file, fresh, octets);
  ::close(file);
  if (!filled) {
    ::unlink(fresh.c_str());
    return filled;
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return system_error("rename " + fresh, errno);
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == path.npos ? "." : path.substr(0, slash + 1);
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return system_error("open " + folder, errno);
  const int synced = ::fsync(directory);
  const int number = errno;
  ::close(directory);
  if (synced != 0) return system_error("sync " + folder, number);
  return {};
}

}  // namespace gatepost::system
