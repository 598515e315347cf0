// SPDX-License-Identifier: Apache-2.0
// system: directories made for the user we become, without being led astray by links.
#include "system/directory.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/format.h"
#include "base/text.h"

namespace gatepost::system {
namespace {

class Folder {
 public:
  explicit Folder(int fd) : fd_(fd) {}
  Folder(Folder&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Folder& operator=(Folder&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Folder() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

constexpr int kOpen = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
// Searching is enough on the way: a directory above may be unreadable for us.
constexpr int kPass = O_PATH | O_DIRECTORY | O_CLOEXEC;

/// Below a directory that its user may write to, a link could lead root anywhere.
bool is_trusted_link(const Folder& above, const std::string& name) {
  struct stat about {};
  return ::fstatat(above.fd(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(about.st_mode) && (about.st_uid == 0 || about.st_uid == ::geteuid());
}

/// An errno; 0: it is there. Whoever owns what lies below has to get through, whatever our umask;
/// a chmod afterwards could be led to another directory by who may write above.
int make_parent(const Folder& above, const std::string& name) {
  const mode_t masked = ::umask(022);
  const int failed = ::mkdirat(above.fd(), name.c_str(), 0755) == 0 ? 0 : errno;
  ::umask(masked);
  return failed == EEXIST ? 0 : failed;
}

Result<Folder> step(const Folder& above, const std::string& name, const std::string& path) {
  Folder next(::openat(above.fd(), name.c_str(), kPass | O_NOFOLLOW));
  if (next.fd() < 0 && errno == ENOENT) {
    if (const int failed = make_parent(above, name); failed != 0) {
      return system_error(format("mkdir {} (at {})", path, name), failed);
    }
    next = Folder(::openat(above.fd(), name.c_str(), kPass | O_NOFOLLOW));
  } else if (next.fd() < 0 && (errno == ENOTDIR || errno == ELOOP)) {
    if (!is_trusted_link(above, name)) {
      return Error{Cause::Permanent,
                   format("{}: {} is not a directory, or a link made by another user", path, name)};
    }
    next = Folder(::openat(above.fd(), name.c_str(), kPass));
  }
  if (next.fd() < 0) return system_error(format("open {} (at {})", path, name), errno);
  return next;
}

bool may_write(const struct stat& about, const Account& owner) {
  const auto in_group = [&](gid_t gid) {
    return gid == owner.gid ||
           std::find(owner.groups.begin(), owner.groups.end(), gid) != owner.groups.end();
  };
  constexpr mode_t kWriteAndSearch = 3;
  if (owner.uid == 0) return true;
  if (about.st_uid == owner.uid) return (about.st_mode >> 6 & kWriteAndSearch) == kWriteAndSearch;
  if (in_group(about.st_gid)) return (about.st_mode >> 3 & kWriteAndSearch) == kWriteAndSearch;
  return (about.st_mode & kWriteAndSearch) == kWriteAndSearch;
}

bool is_empty(const Folder& folder) {
  const int own = ::fcntl(folder.fd(), F_DUPFD_CLOEXEC, 0);
  DIR* entries = own < 0 ? nullptr : ::fdopendir(own);
  if (entries == nullptr) {
    if (own >= 0) ::close(own);
    return false;
  }
  bool empty = true;
  errno = 0;
  while (const dirent* entry = ::readdir(entries)) {
    const std::string_view name(entry->d_name);
    empty = empty && (name == "." || name == "..");
  }
  empty = empty && errno == 0;
  ::closedir(entries);
  return empty;
}

Result<void> give(
    const Folder& folder, bool made, mode_t mode, const Account& owner, const std::string& path) {
  struct stat about {};
  if (::fstat(folder.fd(), &about) != 0) return system_error(format("stat {}", path), errno);
  const bool only_root_writes = about.st_uid == 0 && (about.st_mode & 022) == 0;
  // What is in a directory belongs to whom its owner lets it: the owner of /home may rename homes.
  const bool mine_to_give = ::geteuid() == 0 && (made || (only_root_writes && is_empty(folder)));
  if (about.st_uid != owner.uid && mine_to_give) {
    if (::fchown(folder.fd(), owner.uid, owner.gid) != 0) {
      return system_error(format("chown {}", path), errno);
    }
  }
  // After chown, which may clear bits; and not left to the umask.
  if (made && ::fchmod(folder.fd(), mode) != 0) {
    return system_error(format("chmod {}", path), errno);
  }
  if (::fstat(folder.fd(), &about) != 0) return system_error(format("stat {}", path), errno);
  if (!may_write(about, owner)) {
    const auto who = owner.name.empty() ? format("user {}", owner.uid) : owner.name;
    return Error{Cause::Permanent, format("{}: {} may not write there", path, who), EACCES};
  }
  return {};
}

}  // namespace

Result<void> prepare_directory(const std::string& path, mode_t mode, const Account& owner) {
  const auto parts = split(path, "/");
  if (path.empty() || parts.empty()) return Error{Cause::Permanent, "no directory named"};
  Folder above(::open(path[0] == '/' ? "/" : ".", kPass));
  if (above.fd() < 0) return system_error(format("open {}", path), errno);
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    auto next = step(above, std::string(parts[i]), path);
    if (!next) return std::move(next).error();
    above = *std::move(next);
  }
  const std::string name(parts.back());
  // Nobody else gets in before it has its owner and mode.
  const bool made = ::mkdirat(above.fd(), name.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return system_error(format("mkdir {}", path), errno);
  const Folder last(::openat(above.fd(), name.c_str(), kOpen | O_NOFOLLOW));
  if (last.fd() < 0) return system_error(format("open {}", path), errno);
  return give(last, made, mode, owner, path);
}

}  // namespace gatepost::system
