// SPDX-License-Identifier: Apache-2.0
// storage: the promise: a message goes in, and when it is said to be in, no power cut takes it out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "mail/envelope.h"
#include "mail/quota.h"
#include "queue/item.h"

namespace gatepost::storage {

class Clerk;
class Files;

/// One mailbox the message goes to.
struct LocalCopy {
  std::string maildir;        ///< Absolute path of the Maildir; made with its parents when missing.
  std::string recipient;      ///< The final address, for Delivered-To.
  std::string original = {};  ///< X-Original-To where it is another; empty: no such field.
  std::string folder = {};    ///< Maildir++ name without its first dot; empty: the Maildir itself.
  bool create_folder = false;    ///< Makes the folder; else what has none goes to the Maildir.
  mail::QuotaLimits quota = {};  ///< For Stored::nearly_full; nothing is refused here.
  /// Who waits in the queue instead while the mailbox cannot be opened for a reason of its own
  /// (not a disk that is full or broken); nobody: the message fails as a whole.
  std::optional<mail::Recipient> later = {};
};

/// A message about to come in.
struct IntakeRequest {
  std::string id;  ///< The queue id: [0-9A-F]+, unique (mail/id.h).
  Moment arrived{};
  Moment waits_since{};     ///< Of what goes into the queue; the epoch: `arrived`.
  mail::Envelope envelope;  ///< Sender and options; recipients: those of other hosts only.
  std::vector<LocalCopy> local;
  std::string received;  ///< The Received field, folded, ending in LF.
  std::string login;     ///< Who submitted it; kept with the item in the queue.
  bool hold = false;     ///< Queued recipients wait until somebody lets the login go.
  /// LocalCopy::later counts even when nobody else can have the message now.
  bool may_wait_alone = false;
};

/// A local copy that waits in the queue: see LocalCopy::later.
struct PutOff {
  std::string maildir;
  std::string folder;
  std::string reason;
};

/// What a kept promise tells.
struct Stored {
  std::uint64_t octets = 0;  ///< Size of the text with the trace fields of the first copy.
  std::uint32_t stores = 0;  ///< How many times the text was written (1 when shared by links).
  bool queued = false;       ///< There is something new in the queue.
  std::vector<std::size_t> nearly_full;  ///< Local copies that brought a mailbox past the warning.
  std::vector<PutOff> put_off;
  Duration promise_time{};  ///< From promise() to durable, for delays=.
};

/// One message on its way to the disk. Destroying it before promise() succeeded drops all
/// that was written; nothing becomes visible in any `new/` and no row in the queue.
class Intake {
 public:
  virtual ~Intake() = default;

  /// Keeps text (LF line ends, dots unstuffed) in memory; never blocks.
  virtual void append(std::string_view octets) = 0;
  /// True when drain() must be awaited before more text is appended.
  [[nodiscard]] virtual bool full() const = 0;
  /// Writes what is in memory to the temporary file. After an error only destruction is allowed.
  virtual Task<Result<void>> drain() = 0;
  /// Makes the message durable and visible: files and directories synced, row committed.
  /// Runs to its end even when the session dies meanwhile. Call once.
  virtual Task<Result<Stored>> promise() = 0;
};

struct Space {
  std::uint64_t octets_free = 0;  ///< For an unprivileged user.
  std::uint64_t inodes_free = 0;  ///< 0 where the file system does not count them: then ignore it.
  bool counts_inodes = false;
};

/// The Maildirs and the queue. All calls from the loop's thread; disk work on the clerk's.
class MailStore {
 public:
  struct Settings {
    std::string queue_directory;
    bool share_text = true;  ///< maildir_share_text: links for many recipients where possible
    std::string hostname;    ///< Until set_hostname().
    std::uint64_t buffer_octets = 64 * 1024;
    std::uint32_t maildir_mode = 0700;  ///< Of folders made; messages have it without the x bits.
    std::uint32_t quota_warning = 90;   ///< Percent of a limit; 0: none.
  };

  virtual ~MailStore() = default;

  /// Makes missing directories, opens the queue's index, and puts right what a crash left:
  /// whole texts without a row go in again, half ones are removed, rows without a text are set
  /// aside; all is told. An index
  /// that is damaged or gone is set aside and made anew from the texts. Awaited before the
  /// first begin().
  virtual Task<Result<void>> open() = 0;
  /// The host's name in names of Maildir files from the next begin() on; '/' and ':' are escaped.
  virtual void set_hostname(std::string_view hostname) = 0;
  /// No disk access; the returned intake must not outlive the store. Destroying an intake
  /// leaves the removal of what it wrote to the clerk.
  virtual std::unique_ptr<Intake> begin(IntakeRequest request) = 0;
  /// Items of the queue, oldest first, at most `most`.
  virtual Task<Result<std::vector<queue::Item>>> list(std::size_t most) = 0;
  /// Takes the item out of the queue and removes its text. Nothing happens when there is none.
  virtual Task<Result<void>> erase(std::string id) = 0;
  /// erase() of all these; tells how many there were.
  virtual Task<Result<std::size_t>> erase_all(std::vector<std::string> ids) = 0;
  /// Items that are not on hold and may be tried at `now`; who may longest first.
  virtual Task<Result<std::vector<queue::Item>>> due(Moment now, std::size_t most) = 0;
  /// Nothing when there is no such item.
  virtual Task<Result<std::optional<queue::Item>>> find(std::string id) = 0;
  /// Changes the items of these ids, durably, in one step; tells how many there were. The files
  /// of the texts keep what was said when the message came in.
  virtual Task<Result<std::size_t>> update(std::vector<std::string> ids, queue::Change change) = 0;
  /// update() of the hold alone. Items on hold are not tried.
  Task<Result<std::size_t>> set_hold(std::string id, bool hold);
  /// A piece of an item's text (the Received field and the message, LF line ends), at `offset`,
  /// at most `most` octets: shorter only at the text's end.
  virtual Task<Result<std::string>> read_text(std::string id,
                                              std::uint64_t offset,
                                              std::size_t most) = 0;
  /// What open() found and put right, one line each, for the log; told once.
  virtual std::vector<std::string> take_problems() = 0;
  /// What a mailbox holds, by its maildirsize; a few seconds old at most. Ready at once, without
  /// waiting, when it was asked just before.
  virtual Task<Result<mail::QuotaUse>> quota(std::string maildir, mail::QuotaLimits limits) = 0;
  /// Numbers for status and metrics; no disk access.
  [[nodiscard]] virtual queue::Totals totals() const = 0;
  /// Free space where `path` (or its nearest existing parent) lies. Quick, may be called on the loop.
  [[nodiscard]] virtual Result<Space> space(const std::string& path) = 0;
};

/// `clerk` and `files` outlive the store. The store's end waits for the clerk's jobs.
[[nodiscard]] std::unique_ptr<MailStore> make_mail_store(Clerk& clerk,
                                                         Files& files,
                                                         MailStore::Settings settings);

}  // namespace gatepost::storage
