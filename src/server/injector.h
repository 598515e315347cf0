// SPDX-License-Identifier: Apache-2.0
// server: takes messages that are made on this machine: by sendmail(1), or by the program itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"
#include "mail/envelope.h"
#include "server/floor.h"
#include "server/profile.h"

namespace gatepost::server {

/// port: a text that is too long to be held in memory.
class TextSource {
 public:
  virtual ~TextSource() = default;
  /// The next piece, borrowed until the next call; empty at the end. LF line ends, no CR, no NUL.
  virtual Task<Result<std::string_view>> read() = 0;
};

struct Injection {
  /// Addresses without a domain get $myorigin; the bare postmaster is served always.
  mail::Envelope envelope;
  std::string text;              ///< From the first header field on; LF line ends, no CR, no NUL.
  TextSource* source = nullptr;  ///< Read instead of `text` where it is set; outlives the call.
  std::optional<std::uint32_t> uid;  ///< The local user it comes from; nothing: the program itself.
  std::string_view service = "notice";  ///< A literal: label of gatepost_messages_received.
  /// A recipient whose mailbox cannot be opened waits in the queue, even where nobody else can have
  /// the message. False, for one who tries again: that is a temporary error; of several those who
  /// wait do so as an item as old as `arrived`. Hops are not counted again, as each such round adds
  /// one.
  bool may_wait = true;
  Moment arrived{};  ///< When it was made; the epoch: now.
};

/// Recipients are found as for mail by SMTP, without rules about clients and relaying. A message
/// counts as taken when it is durable for those recipients that can have it, and a report
/// (RFC 3464) about the others is durable in the queue or the sender's mailbox, or where the
/// sender cannot have it, in postmaster's.
///
/// The report is written first and made durable last, so that whatever keeps the message from
/// being stored, and the caller trying again, makes no second report.
class Injector {
 public:
  /// `floor` outlives the injector.
  explicit Injector(Floor& floor) : floor_(floor) {}
  /// Counts for messages that begin afterwards.
  void configure(std::shared_ptr<const Profile> profile) { profile_ = std::move(profile); }

  /// The queue id. Temporary error: nothing was stored; try again later.
  /// Permanent error: none of the recipients can have the program's own message (its sender is
  /// <>, so nobody can be told), or the text cannot be read. Runs to its end when it was begun.
  Task<Result<std::string>> inject(Injection injection);

 private:
  class Work;
  Task<Result<std::unique_ptr<Work>>> prepare(Injection injection);
  Task<Result<std::unique_ptr<Work>>> prepare_report(Work& work);
  Task<Result<void>> store_report(Work& work, std::unique_ptr<Work> report);

  Floor& floor_;
  std::shared_ptr<const Profile> profile_;
};

}  // namespace gatepost::server
