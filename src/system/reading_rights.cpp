// SPDX-License-Identifier: Apache-2.0
// system: what an ordinary user may read, asked by root.
#include "system/reading_rights.h"

#include <cerrno>
#include <fcntl.h>
#include <grp.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace gatepost::system {
namespace {

/// Root acts as somebody else until this ends.
class Mask {
 public:
  static Result<void> put_on(const Account& account, std::optional<Mask>& mask) {
    const int count = ::getgroups(0, nullptr);
    if (count < 0) return system_error("getgroups", errno);
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    if (::getgroups(count, groups.data()) != count) return system_error("getgroups", errno);
    mask.emplace(std::move(groups), ::getegid());
    // The user last: it takes away the right to the others.
    if (::setgroups(account.groups.size(), account.groups.data()) != 0)
      return system_error("setgroups", errno);
    if (::setegid(account.gid) != 0) return system_error("setegid", errno);
    if (::seteuid(account.uid) != 0) return system_error("seteuid", errno);
    return {};
  }

  Mask(std::vector<gid_t> groups, gid_t group) : groups_(std::move(groups)), group_(group) {}
  Mask(const Mask&) = delete;
  Mask& operator=(const Mask&) = delete;
  ~Mask() {
    // The real user is root all the while, so that this is always granted.
    const bool back = ::seteuid(0) == 0 && ::setegid(group_) == 0 &&
                      ::setgroups(groups_.size(), groups_.data()) == 0;
    GP_ASSERT(back);
  }

 private:
  const std::vector<gid_t> groups_;
  const gid_t group_;
};

bool may_read(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (file < 0) return errno != EACCES && errno != EPERM;
  ::close(file);
  return true;
}

/// The first folder on the way that may not be gone through; the file, when all may.
std::string find_barrier(const std::string& path) {
  std::string before = "/";
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    struct stat facts {};
    const std::string folder = path.substr(0, at);
    if (::stat(folder.c_str(), &facts) != 0 && errno == EACCES) return before;
    before = folder;
  }
  struct stat facts {};
  return ::stat(path.c_str(), &facts) != 0 && errno == EACCES ? before : path;
}

}  // namespace

Result<std::vector<Unreadable>> find_unreadable(const Account& account,
                                                const std::vector<std::string>& paths) {
  std::vector<Unreadable> out;
  {
    std::optional<Mask> mask;
    GP_CHECK(Mask::put_on(account, mask));
    for (const std::string& path : paths) {
      if (!may_read(path)) out.push_back({path, find_barrier(path)});
    }
  }
  for (Unreadable& one : out) {
    struct stat facts {};
    if (::stat(one.barrier.c_str(), &facts) != 0) continue;
    one.owner = facts.st_uid;
    one.mode = facts.st_mode & 07777U;
  }
  return out;
}

}  // namespace gatepost::system
