// SPDX-License-Identifier: Apache-2.0
// tls: reads key and certificate files, and tells when they have changed.
#include "tls/pem_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/format.h"

namespace gatepost::tls {
namespace {

constexpr std::size_t kMostPem = 1024 * 1024;

Result<Secret> read_all(int fd, const std::string& path) {
  struct stat about {};
  if (::fstat(fd, &about) != 0) return system_error(format("stat {}", path), errno);
  if (!S_ISREG(about.st_mode)) return Error{Cause::Permanent, format("{}: not a file", path)};
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size > kMostPem) return Error{Cause::Permanent, format("{}: too large", path)};
  // At its full size from the start: growing would leave copies of a key behind.
  std::string text(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const auto count = ::read(fd, text.data() + got, size - got);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(format("read {}", path), errno);
    if (count == 0) break;
    got += static_cast<std::size_t>(count);
  }
  text.resize(got);
  return Secret(std::move(text));
}

}  // namespace

FileStamp stamp_of(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return {};
  FileStamp stamp;
  stamp.device = about.st_dev;
  stamp.inode = about.st_ino;
  stamp.size = about.st_size;
  stamp.modified_ns = std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec;
  return stamp;
}

std::vector<FileStamp> stamps_of(const std::vector<std::string>& paths) {
  std::vector<FileStamp> stamps;
  stamps.reserve(paths.size());
  for (const auto& path : paths) stamps.push_back(stamp_of(path));
  return stamps;
}

Result<Secret> read_pem(const std::string& path) {
  // Not to hang on a pipe put in the file's place.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return system_error(format("open {}", path), errno);
  auto text = read_all(fd, path);
  ::close(fd);
  return text;
}

}  // namespace gatepost::tls
