// SPDX-License-Identifier: Apache-2.0
// system: whole files, and by what a change of one is seen.
#include "system/read_file.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "system/descriptor.h"

namespace gatepost::system {

namespace {

std::int64_t nanoseconds(const struct timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

Error too_long(const std::string& path, std::size_t most) {
  return {Cause::Permanent, path + ": longer than " + format_number(most) + " octets"};
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t most) {
  // Without O_NONBLOCK, opening a FIFO would wait for its writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) return system_error("open " + path, errno);
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return system_error("stat " + path, errno);
  if (!S_ISREG(facts.st_mode)) return Error{Cause::Permanent, path + ": expected a regular file"};
  const auto size = static_cast<std::uint64_t>(facts.st_size);
  if (size > most) return too_long(path, most);
  std::string text;
  text.reserve(static_cast<std::size_t>(size));
  std::array<char, std::size_t{16} * 1024> buffer{};
  // To the end, not to the size: a file may grow meanwhile, and those of /proc have none.
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read " + path, errno);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > most) return too_long(path, most);
  }
}

Result<FileStamp> stamp_file(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return system_error(path, errno);
  FileStamp out;
  out.device = static_cast<std::uint64_t>(facts.st_dev);
  out.inode = static_cast<std::uint64_t>(facts.st_ino);
  out.octets = static_cast<std::uint64_t>(facts.st_size);
  out.modified = nanoseconds(facts.st_mtim);
  out.changed = nanoseconds(facts.st_ctim);
  return out;
}

}  // namespace gatepost::system
