// SPDX-License-Identifier: Apache-2.0
// storage: files through the system's calls.
#include "storage/files.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

namespace gatepost::storage {
namespace {

static_assert(kNoFolder == AT_FDCWD);

Error failed(std::string_view what, const std::string& name) {
  const int number = errno;
  std::string text(what);
  text.append(" ").append(name);
  return system_error(text, number);
}

template <class Call>
auto repeat(Call call) {
  auto answer = call();
  while (answer < 0 && errno == EINTR) answer = call();
  return answer;
}

FileFacts facts_from(const struct stat& found) {
  FileFacts facts;
  facts.device = found.st_dev;
  facts.inode = found.st_ino;
  facts.octets = static_cast<std::uint64_t>(found.st_size);
  facts.changed = Moment(std::chrono::seconds(found.st_mtim.tv_sec) +
                         std::chrono::microseconds(found.st_mtim.tv_nsec / 1000));
  facts.is_folder = S_ISDIR(found.st_mode);
  facts.is_file = S_ISREG(found.st_mode);
  facts.uid = found.st_uid;
  facts.rights = found.st_mode & 07777U;
  facts.links = found.st_nlink;
  return facts;
}

class SystemFiles final : public Files {
 public:
  Result<int> open_folder(int folder, const std::string& name) override {
    return open_with(folder, name, O_RDONLY | O_DIRECTORY);
  }

  Result<void> make_folder(int folder, const std::string& name) override {
    if (::mkdirat(folder, name.c_str(), 0700) < 0) return failed("make folder", name);
    return {};
  }

  Result<int> create(int folder, const std::string& name) override {
    return open_with(folder, name, O_RDWR | O_CREAT | O_EXCL);
  }

  Result<int> open(int folder, const std::string& name) override {
    // Without O_NONBLOCK a pipe put in the place of a file would hold the thread for ever.
    return open_with(folder, name, O_RDONLY | O_NONBLOCK);
  }

  Result<int> open_append(int folder, const std::string& name) override {
    return open_with(folder, name, O_RDWR | O_APPEND | O_NONBLOCK);
  }

  Result<void> set_mode(int descriptor, unsigned mode) override {
    struct stat found {};
    if (::fstat(descriptor, &found) < 0) return system_error("stat", errno);
    const mode_t keep = S_ISDIR(found.st_mode) ? (found.st_mode & S_ISGID) : 0;
    if (::fchmod(descriptor, mode | keep) < 0) return system_error("chmod", errno);
    return {};
  }

  Result<void> write(int file, std::span<const std::string_view> parts) override {
    std::array<iovec, 8> pieces{};
    while (!parts.empty()) {
      const std::size_t count = std::min(parts.size(), pieces.size());
      for (std::size_t i = 0; i < count; ++i) {
        pieces[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};
      }
      GP_CHECK(write_pieces(file, std::span(pieces).first(count)));
      parts = parts.subspan(count);
    }
    return {};
  }

  Result<std::size_t> read(int file, std::uint64_t offset, std::span<char> into) override {
    std::size_t got = 0;
    while (got < into.size()) {
      const auto count = repeat([&] {
        return ::pread(file, into.data() + got, into.size() - got,
                       static_cast<off_t>(offset + got));
      });
      if (count < 0) return system_error("read", errno);
      if (count == 0) break;
      got += static_cast<std::size_t>(count);
    }
    return got;
  }

  Result<void> sync(int file) override {
    if (repeat([&] { return ::fsync(file); }) < 0) return system_error("sync", errno);
    return {};
  }

  Result<void> sync_folder(int folder) override {
    if (repeat([&] { return ::fsync(folder); }) < 0) return system_error("sync folder", errno);
    return {};
  }

  Result<void> rename(int from,
                      const std::string& name,
                      int to,
                      const std::string& to_name) override {
    if (::renameat2(from, name.c_str(), to, to_name.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno != EINVAL && errno != ENOSYS) return failed("rename", name);
    // NFS and some others cannot refuse to replace. The name is unique by its making; asking
    // first narrows what is left to a race nobody runs.
    struct stat found {};
    if (::fstatat(to, to_name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) {
      errno = EEXIST;
      return failed("rename", name);
    }
    if (::renameat(from, name.c_str(), to, to_name.c_str()) < 0) return failed("rename", name);
    return {};
  }

  Result<void> replace(int from,
                       const std::string& name,
                       int to,
                       const std::string& to_name) override {
    if (::renameat(from, name.c_str(), to, to_name.c_str()) < 0) return failed("rename", name);
    return {};
  }

  Result<void> link(int from,
                    const std::string& name,
                    int to,
                    const std::string& to_name) override {
    if (::linkat(from, name.c_str(), to, to_name.c_str(), 0) < 0) return failed("link", name);
    return {};
  }

  Result<void> unlink(int folder, const std::string& name) override {
    if (::unlinkat(folder, name.c_str(), 0) < 0) return failed("unlink", name);
    return {};
  }

  Result<FileFacts> facts(int folder, const std::string& name) override {
    struct stat found {};
    if (::fstatat(folder, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) < 0) {
      return failed("stat", name);
    }
    return facts_from(found);
  }

  Result<FileFacts> facts(int file) override {
    struct stat found {};
    if (::fstat(file, &found) < 0) return system_error("stat", errno);
    return facts_from(found);
  }

  Result<void> may_change(int folder) override {
    if (::faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) < 0) return system_error("access", errno);
    return {};
  }

  Result<std::vector<std::string>> list(int folder, std::size_t most) override {
    // A descriptor of its own: fdopendir takes over the one it is given, and its position.
    const int own = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0) return system_error("list", errno);
    DIR* stream = ::fdopendir(own);
    if (stream == nullptr) {
      const int number = errno;
      ::close(own);
      return system_error("list", number);
    }
    std::vector<std::string> names;
    errno = 0;
    while (names.size() < most) {
      const dirent* entry = ::readdir(stream);
      if (entry == nullptr) break;
      const std::string_view name(entry->d_name);
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int number = errno;
    ::closedir(stream);
    if (number != 0) return system_error("list", number);
    return names;
  }

  Result<FreeSpace> space(const std::string& path) override {
    struct statvfs found {};
    if (repeat([&] { return ::statvfs(path.c_str(), &found); }) < 0) {
      return failed("free space of", path);
    }
    FreeSpace free;
    free.octets = static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
    free.inodes = found.f_favail;
    free.counts_inodes = found.f_files != 0;
    return free;
  }

  void close(int descriptor) override { ::close(descriptor); }

 private:
  static Result<int> open_with(int folder, const std::string& name, int flags) {
    const int number = repeat(
        [&] { return ::openat(folder, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, 0600); });
    if (number < 0) return failed("open", name);
    return number;
  }

  static Result<void> write_pieces(int file, std::span<iovec> pieces) {
    while (!pieces.empty()) {
      const auto count =
          repeat([&] { return ::writev(file, pieces.data(), static_cast<int>(pieces.size())); });
      if (count < 0) return system_error("write", errno);
      auto left = static_cast<std::size_t>(count);
      while (!pieces.empty() && left >= pieces.front().iov_len) {
        left -= pieces.front().iov_len;
        pieces = pieces.subspan(1);
      }
      if (pieces.empty()) break;
      pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + left;
      pieces.front().iov_len -= left;
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<Files> make_system_files() {
  return std::make_unique<SystemFiles>();
}

Result<void> make_folders(Files& files, const std::string& path, unsigned mode) {
  const auto cut = path.find_last_not_of('/');
  if (path.empty() || path.front() != '/') {
    return Error{Cause::Bug, "not an absolute path: " + path, 0};
  }
  if (cut == std::string::npos) return {};
  const std::string plain = path.substr(0, cut + 1);
  const auto found = files.facts(kNoFolder, plain);
  if (found) return {};
  if (found.error().system != ENOENT) return found.error();

  const auto slash = plain.find_last_of('/');
  const std::string parent = slash == 0 ? "/" : plain.substr(0, slash);
  GP_CHECK(make_folders(files, parent, mode));
  // The parents may be symbolic links of the owner's making; a trailing "/." follows them.
  GP_TRY(const int number, files.open_folder(kNoFolder, parent + "/."));
  const Descriptor folder(files, number);
  auto made = files.make_folder(folder.get(), plain.substr(slash + 1));
  // Another thread may have been first; its sync may still be under way, so ours follows too.
  if (!made && made.error().system != EEXIST) return made;
  if (made && mode != kOwnerOnly) {
    GP_TRY(const int fresh, files.open_folder(folder.get(), plain.substr(slash + 1)));
    const Descriptor owned(files, fresh);
    GP_CHECK(files.set_mode(owned.get(), mode));
  }
  return files.sync_folder(folder.get());
}

}  // namespace gatepost::storage
