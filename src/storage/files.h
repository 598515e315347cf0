// SPDX-License-Identifier: Apache-2.0
// storage: port: the system calls a promise is made of.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace gatepost::storage {

/// Stands for the working directory in calls that take a folder: the name is then a path.
inline constexpr int kNoFolder = -100;

struct FileFacts {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t octets = 0;
  Moment changed{};  ///< When the content last changed.
  bool is_folder = false;
  bool is_file = false;      ///< A regular one.
  std::uint32_t uid = 0;     ///< The owner.
  std::uint32_t rights = 0;  ///< The bits of chmod(2).
  std::uint64_t links = 0;
  bool same_as(const FileFacts& other) const {
    return device == other.device && inode == other.inode;
  }
};

struct FreeSpace {
  std::uint64_t octets = 0;  ///< For an unprivileged user.
  std::uint64_t inodes = 0;
  bool counts_inodes = false;  ///< False: the file system has no fixed number of them.
};

/// Files and folders by descriptor. Every call may block and may be made from any thread.
///
/// A name has no '/' unless the folder is kNoFolder. The last component is never followed
/// when it is a symbolic link. Errors carry errno in Error.system; interrupted calls are
/// repeated inside. All descriptors are close-on-exec.
class Files {
 public:
  virtual ~Files() = default;

  virtual Result<int> open_folder(int folder, const std::string& name) = 0;
  /// Mode 0700. EEXIST when there is anything of that name.
  virtual Result<void> make_folder(int folder, const std::string& name) = 0;
  /// A new file, mode 0600, to write and read. EEXIST when there is anything of that name.
  virtual Result<int> create(int folder, const std::string& name) = 0;
  /// To read.
  virtual Result<int> open(int folder, const std::string& name) = 0;
  /// An existing file, to append to and read.
  virtual Result<int> open_append(int folder, const std::string& name) = 0;
  /// The permissions of an open file or folder; a folder keeps the bit that hands its group on.
  virtual Result<void> set_mode(int descriptor, unsigned mode) = 0;
  /// Appends all parts, with as few calls as the system allows.
  virtual Result<void> write(int file, std::span<const std::string_view> parts) = 0;
  /// Reads at `offset` until `into` is full or the file ends; tells how much there was.
  virtual Result<std::size_t> read(int file, std::uint64_t offset, std::span<char> into) = 0;
  /// The file's content is on the disk afterwards. After an error the content is undefined:
  /// the kernel may have dropped the pages, so syncing again proves nothing.
  virtual Result<void> sync(int file) = 0;
  /// The folder's names are on the disk afterwards.
  virtual Result<void> sync_folder(int folder) = 0;
  /// EEXIST when `to_name` exists, where the file system can tell; never leaves both names.
  virtual Result<void> rename(int from,
                              const std::string& name,
                              int to,
                              const std::string& to_name) = 0;
  /// Takes the place of `to_name` when that exists.
  virtual Result<void> replace(int from,
                               const std::string& name,
                               int to,
                               const std::string& to_name) = 0;
  virtual Result<void> link(int from,
                            const std::string& name,
                            int to,
                            const std::string& to_name) = 0;
  virtual Result<void> unlink(int folder, const std::string& name) = 0;
  virtual Result<FileFacts> facts(int folder, const std::string& name) = 0;
  virtual Result<FileFacts> facts(int file) = 0;
  /// An error when names may not be made in the open folder.
  virtual Result<void> may_change(int folder) = 0;
  /// Names in the folder without "." and "..", in no order; at most `most`.
  virtual Result<std::vector<std::string>> list(int folder, std::size_t most) = 0;
  virtual Result<FreeSpace> space(const std::string& path) = 0;
  virtual void close(int descriptor) = 0;
};

/// The system's own.
[[nodiscard]] std::unique_ptr<Files> make_system_files();

/// Closes what it holds. `files` outlives it.
class Descriptor {
 public:
  Descriptor() = default;
  Descriptor(Files& files, int number) : files_(&files), number_(number) {}
  Descriptor(Descriptor&& other) noexcept
      : files_(other.files_), number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(files_, other.files_);
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  explicit operator bool() const { return number_ >= 0; }
  [[nodiscard]] int get() const { return number_; }
  void close() {
    if (number_ >= 0) files_->close(std::exchange(number_, -1));
  }

 private:
  Files* files_ = nullptr;
  int number_ = -1;
};

/// What a folder or file is made with; other modes are set afterwards.
inline constexpr unsigned kOwnerOnly = 0700;

/// Makes `path` (absolute) with the parents it lacks, each synced into its parent.
[[nodiscard]] Result<void> make_folders(Files& files,
                                        const std::string& path,
                                        unsigned mode = kOwnerOnly);

}  // namespace gatepost::storage
