// SPDX-License-Identifier: Apache-2.0
// cli: a small file that is replaced whole, by one editor at a time.
#include "cli/locked_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utility>

#include "base/limits.h"

namespace gatepost::cli {

namespace {

constexpr int kTries = 200;
constexpr long kPauseNanoseconds = 50'000'000;

Error failed(std::string_view what, const std::string& path) {
  const int number = errno;
  return system_error(std::string(what) + " " + path, number);
}

/// The path behind all links; of a missing file, that of its folder and its name.
Result<std::string> resolve(const std::string& path) {
  std::array<char, PATH_MAX> buffer{};
  if (::realpath(path.c_str(), buffer.data()) != nullptr) return std::string(buffer.data());
  if (errno != ENOENT) return failed("open", path);
  struct stat link {};
  if (::lstat(path.c_str(), &link) == 0) {
    return Error{Cause::Permanent, path + " is a symbolic link that leads nowhere"};
  }
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (::realpath(folder.c_str(), buffer.data()) == nullptr) return failed("open", folder);
  return std::string(buffer.data()) + "/" + path.substr(slash == std::string::npos ? 0 : slash + 1);
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/') + 1);
}

Result<void> make_empty(const std::string& path, gid_t group) {
  const int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  // Somebody else was as quick.
  if (made < 0) return errno == EEXIST ? Result<void>() : failed("create", path);
  const bool owned = ::fchown(made, static_cast<uid_t>(-1), group) == 0;
  const bool ready = ::fchmod(made, owned ? 0640 : 0600) == 0;
  ::close(made);
  if (!ready) return failed("set the mode of", path);
  return {};
}

/// True when the lock is on what the name leads to now: another editor's rename may have come
/// between open and lock.
bool is_still(int descriptor, const std::string& path) {
  struct stat held {};
  struct stat named {};
  return ::fstat(descriptor, &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

}  // namespace

LockedFile::LockedFile(LockedFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      text_(std::move(other.text_)) {}

LockedFile::~LockedFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<LockedFile> LockedFile::open(const std::string& path, std::optional<gid_t> group) {
  GP_TRY(const std::string resolved, resolve(path));
  for (int tries = 0; tries < kTries; ++tries) {
    int descriptor = ::open(resolved.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0 && errno == ENOENT && group) {
      GP_CHECK(make_empty(resolved, *group));
      continue;
    }
    if (descriptor < 0) return failed("open", path);
    LockedFile file(resolved, descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
      if (!is_still(descriptor, resolved)) continue;
      GP_CHECK(file.read());
      return file;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) return failed("lock", path);
    const timespec pause{0, kPauseNanoseconds};
    static_cast<void>(::nanosleep(&pause, nullptr));
  }
  return Error{Cause::Temporary, path + " is being edited by another program"};
}

Result<void> LockedFile::read() {
  std::string text;
  struct stat facts {};
  if (::fstat(descriptor_, &facts) != 0) return failed("read", path_);
  if (!S_ISREG(facts.st_mode)) return Error{Cause::Permanent, path_ + " is not a regular file"};
  if (static_cast<std::size_t>(facts.st_size) > limits::kFile) {
    return Error{Cause::Permanent, path_ + " is larger than 64 MiB"};
  }
  text.resize(static_cast<std::size_t>(facts.st_size));
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t n = ::read(descriptor_, text.data() + have, text.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failed("read", path_);
    have += static_cast<std::size_t>(n);
  }
  text_ = Secret(std::move(text));
  return {};
}

Result<void> LockedFile::fill(int descriptor, std::string_view text) {
  struct stat facts {};
  if (::fstat(descriptor_, &facts) != 0) return failed("read", path_);
  // The mode last: changing the owner takes bits away.
  if (::fchown(descriptor, facts.st_uid, facts.st_gid) != 0) {
    return failed("keep the owner of", path_);
  }
  if (::fchmod(descriptor, facts.st_mode & 07777U) != 0) return failed("keep the mode of", path_);
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failed("write", path_);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(descriptor) != 0) return failed("sync", path_);
  return {};
}

Result<void> LockedFile::replace(std::string_view text) {
  const std::string folder = folder_of(path_);
  std::string temporary = folder + "." + path_.substr(folder.size()) + ".XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return failed("create a file in", folder);
  Result<void> done = fill(descriptor, text);
  ::close(descriptor);
  if (done && ::rename(temporary.c_str(), path_.c_str()) != 0) done = failed("replace", path_);
  if (!done) {
    ::unlink(temporary.c_str());
    return done;
  }
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = opened >= 0 && ::fsync(opened) == 0;
  Result<void> out = synced ? Result<void>() : failed("sync", folder);
  if (opened >= 0) ::close(opened);
  return out;
}

}  // namespace gatepost::cli
