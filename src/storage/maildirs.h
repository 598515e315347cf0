// SPDX-License-Identifier: Apache-2.0
// storage: the Maildirs in use, opened once for all who deliver into them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "storage/clerk.h"
#include "storage/files.h"

namespace gatepost::storage {

/// A folder whose names several threads make durable together.
class SharedFolder {
 public:
  SharedFolder() = default;
  /// All names made before this call are on the disk when it returns without error.
  Result<void> sync(Files& files);

  Descriptor folder;

 private:
  Rounds<Result<void>> rounds_;
};

/// Opens Maildirs and keeps the last ones used open. Any thread; blocks.
class Maildirs {
 public:
  /// `files` outlives it. At most `most_idle` Maildirs stay open without a user.
  explicit Maildirs(Files& files, std::size_t most_idle = 64, unsigned mode = kOwnerOnly)
      : files_(files), most_idle_(most_idle), mode_(mode) {}

  struct Maildir {
    std::string path;
    Descriptor tmp;
    SharedFolder fresh;  ///< `new/`
    FileFacts tmp_facts;
    FileFacts fresh_facts;
    Moment swept{};
    unsigned users = 0;
    std::uint64_t last_use = 0;
    bool stale = false;  ///< Not what its path leads to any more; closed with its last user.
  };

  /// A Maildir, or one of its folders, held open.
  class Lease {
   public:
    Lease() = default;
    Lease(Maildirs& owner, Maildir& maildir) : owner_(&owner), maildir_(&maildir) {}
    Lease(Lease&& other) noexcept
        : owner_(other.owner_), maildir_(std::exchange(other.maildir_, nullptr)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(owner_, other.owner_);
      std::swap(maildir_, other.maildir_);
      return *this;
    }
    ~Lease() { release(); }
    void release() {
      if (maildir_ != nullptr) owner_->give_back(*std::exchange(maildir_, nullptr));
    }
    explicit operator bool() const { return maildir_ != nullptr; }
    Maildir* operator->() const { return maildir_; }

   private:
    Maildirs* owner_ = nullptr;
    Maildir* maildir_ = nullptr;
  };

  /// Makes the Maildir and the parents it lacks, all synced. Removes from tmp/ what is
  /// older than 36 hours, at most once a day; `now` is the wall clock.
  Result<Lease> open(const std::string& path, Moment now);
  /// The folder `folder` (Maildir++: `Lists.asio` is the folder `.Lists.asio`) of the Maildir at
  /// `path`, in whatever case it is written there. One that does not exist is made when `create`,
  /// else the Maildir itself is opened; so it is for a name that is not safe.
  Result<Lease> open_folder(const std::string& path,
                            const std::string& folder,
                            bool create,
                            Moment now);

 private:
  struct Table {
    std::map<std::string, std::unique_ptr<Maildir>> open;
    std::map<std::string, Moment> swept;  ///< Of Maildirs closed since.
    std::size_t idle = 0;
    std::uint64_t uses = 0;
  };

  struct Turn {};

  Maildir* find(const std::string& path);
  bool still_there(const Maildir& maildir);
  void retire(Maildir& maildir);
  void give_back(Maildir& maildir);
  static std::unique_ptr<Maildir> drop_oldest(Table& table);
  Result<std::string> find_folder(const std::string& path,
                                  const std::string& name,
                                  std::size_t& there);
  Result<void> mark_folder(const std::string& path);
  Result<std::unique_ptr<Maildir>> open_folders(const std::string& path);
  Result<Descriptor> open_or_make(int maildir, const std::string& name, bool& made);
  Result<Lease> open_new(const std::string& path);
  void sweep_if_due(Maildir& maildir, Moment now);

  Files& files_;
  const std::size_t most_idle_;
  const unsigned mode_;  ///< Of folders that are made.
  Guarded<Table> table_;
  Guarded<Turn> opening_;  ///< Held while folders are made; see open_new().
};

}  // namespace gatepost::storage
