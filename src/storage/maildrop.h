// SPDX-License-Identifier: Apache-2.0
// storage: the folder in which every user of the machine may leave mail, and nobody may look.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "queue/item.h"
#include "storage/files.h"

namespace gatepost::storage {

/// The folder's rights: everybody may put files there, only its owner may list or take them.
inline constexpr unsigned kMaildropRights = 01733;
/// More recipients than this go in several files.
inline constexpr std::size_t kMostDropRecipients = 500;

/// A message being left: on the side of sendmail(1), as the user who calls it.
///
/// A file is the text and the record of its envelope, as in the queue (queue/record.h); the item's
/// id is the file's name, which nobody can guess. Destroying it before commit() leaves nothing.
class DropWriter {
 public:
  /// `files` outlives the writer; `token`: 32 hexadecimal digits nobody can guess.
  [[nodiscard]] static Result<DropWriter> create(Files& files,
                                                 const std::string& folder,
                                                 std::string_view token,
                                                 Moment now);
  DropWriter(DropWriter&& other) noexcept;
  DropWriter& operator=(DropWriter&&) = delete;
  ~DropWriter();

  /// LF line ends, no CR, no NUL.
  Result<void> append(std::string_view octets);
  [[nodiscard]] std::uint64_t octets() const { return octets_; }
  /// Writes the envelope (id, arrival and octets are filled in) and syncs it all; not yet seen.
  Result<void> finish(queue::Item item);
  /// Shows it to the service, durably: after success it is never lost.
  Result<void> commit();

 private:
  DropWriter(Files& files, Descriptor file, std::string folder, std::string name, Moment now);
  [[nodiscard]] std::string path(char kind) const;

  Files& files_;
  Descriptor file_;
  std::string folder_;
  std::string name_;  // The final one.
  Moment now_;
  std::uint64_t octets_ = 0;
  std::string buffer_;
  bool unseen_ = true;
};

/// A message found, proved and open.
struct Drop {
  std::string name;
  std::uint32_t uid = 0;  ///< Who left it, as the system says.
  queue::Item item;       ///< Every value in its range; the addresses are what the user wrote.
  Descriptor file;
};

/// The folder on the service's side. Calls block and may be made from any thread, one at a time.
///
/// What taking in leaves behind when it is cut off by kill -9 or a power cut:
///
///   1  the message is promised by the injector      the file is there: taken in once more
///   2  the file's name is removed                   as 1 or 3
///   3  the removal is synced                        nothing
///
/// Between 1 and 2 the message is taken in twice, and this cannot be closed: a Maildir shows a
/// message by one rename, which no other file system operation can be tied to, and a reader may
/// have moved it before we look. The window is one system call wide, where SMTP's is a round trip.
class Maildrop {
 public:
  /// `files` outlives it.
  Maildrop(Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  /// When names in it last changed. Quick enough for the loop.
  [[nodiscard]] Result<Moment> changed() const;
  /// Names of messages, at most `most`: one of each user, then one more of each, and so on. Those of
  /// one turn and those of one user stand by their names, the oldest first; a name is what its user
  /// likes, so it counts no further. Files whose writing was given up (older than a day) are removed, as are those names that sendmail(1) never makes: `strange` tells them.
  Result<std::vector<std::string>> list(std::size_t most,
                                        Moment now,
                                        std::vector<std::string>& strange);
  /// Permanent: it is no message that sendmail(1) left. Temporary: the disk, or no descriptor.
  Result<Drop> open(const std::string& name);
  Result<void> remove(const std::string& name);
  /// Out of the way, into corrupt/.
  Result<void> set_aside(const std::string& name);

 private:
  Result<Descriptor> open_folder() const;
  std::vector<std::string> in_turn(int folder, std::vector<std::string> names, std::size_t most);
  void sweep(int folder, const std::string& name, Moment now, std::vector<std::string>& strange);
  Result<void> set_aside(int folder, const std::string& name);

  Files& files_;
  std::string folder_;
};

}  // namespace gatepost::storage
