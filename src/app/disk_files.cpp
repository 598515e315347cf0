// SPDX-License-Identifier: Apache-2.0
// app: the files of tables, lists and configuration, over the system's calls.
#include "app/disk_files.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

namespace gatepost::app {
namespace {

struct Descriptor {
  int number;
  explicit Descriptor(int n) : number(n) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_nsec};
}

}  // namespace

Result<std::string> DiskFiles::read(const std::string& path, std::size_t most) {
  // Without O_NONBLOCK a named pipe in place of a table would stop the server.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number < 0) return system_error("open " + path, errno);
  struct stat status {};
  if (::fstat(file.number, &status) != 0) return system_error("stat " + path, errno);
  if (!S_ISREG(status.st_mode)) return Error{Cause::Permanent, path + ": expected a regular file"};
  std::string out;
  constexpr std::size_t kPiece = 64 * 1024;
  for (;;) {
    const std::size_t have = out.size();
    if (have > most) {
      return Error{Cause::Permanent, path + ": larger than " + format_number(most) + " octets"};
    }
    out.resize(have + kPiece);
    const auto got = ::read(file.number, out.data() + have, kPiece);
    const int number = errno;
    out.resize(have + static_cast<std::size_t>(std::max<decltype(got)>(got, 0)));
    if (got == 0) return out;
    if (got < 0 && number != EINTR) return system_error("read " + path, number);
  }
}

Result<tables::Stamp> DiskFiles::stamp(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return system_error(path, errno);
  tables::Stamp out;
  out.device = status.st_dev;
  out.inode = status.st_ino;
  out.octets = static_cast<std::uint64_t>(status.st_size);
  out.modified = nanoseconds(status.st_mtim);
  out.changed = nanoseconds(status.st_ctim);
  return out;
}

}  // namespace gatepost::app
