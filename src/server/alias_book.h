// SPDX-License-Identifier: Apache-2.0
// server: the throw-away addresses in force, in memory, and their way to the disk.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "log/log.h"
#include "mail/path.h"
#include "mail/throwaway.h"
#include "storage/alias_store.h"
#include "storage/clerk.h"

namespace gatepost::server {

/// All calls from the loop's thread. What add(), revoke() and keep() say is done is on the disk;
/// leaks follow soon after.
class AliasBook {
 public:
  /// All outlive the book; its end waits for nothing, the clerk's does.
  AliasBook(storage::Clerk& clerk, storage::Files& files, log::Log& log)
      : clerk_(clerk), files_(files), log_(log) {}

  /// Before the first session. What was put right is told.
  Task<Result<void>> open(std::string folder, std::vector<std::string>& problems);

  using Aliases = std::map<std::string, mail::Throwaway, std::less<>>;
  [[nodiscard]] const Aliases& all() const { return aliases_; }
  /// Null when there is none; `address` in lower case. Until the next change.
  [[nodiscard]] const mail::Throwaway* find(std::string_view address) const;

  /// A damaged aliases.db still lies beside the new one: there may be addresses that are not here.
  [[nodiscard]] bool is_incomplete() const { return incomplete_; }

  /// Permanent when there is such an address already. In force when it returns.
  Task<Result<void>> add(mail::Throwaway alias);
  /// Makes it a trap, or with `forget` as if it had never been; one whose name is not of the
  /// minted form is always forgotten. True: it is a trap. Permanent when there is none.
  Task<Result<bool>> revoke(std::string address, bool forget);

  /// A message from `sender` to it is about to be accepted: counted, and bound, at once in memory.
  /// Either keep() or take_back() follows. Nothing when there is no such address.
  std::optional<mail::ThrowawayUse> claim(std::string_view address,
                                          const mail::Mailbox& sender,
                                          std::int64_t now);
  /// The message is durable.
  Task<Result<void>> keep(std::vector<mail::ThrowawayUse> uses);
  /// It was not accepted. Of an address that is no more nothing is taken back.
  void take_back(const mail::ThrowawayUse& use);
  /// One was refused, because the sender is not who it was made for.
  void note_leak(std::string_view address, const mail::Mailbox& sender, std::int64_t now);

 private:
  Task<Result<void>> write();
  void write_soon();

  storage::Clerk& clerk_;
  storage::Files& files_;
  log::Log& log_;
  // Shared with the clerk's jobs, which may outlive the book.
  std::shared_ptr<storage::AliasStore> store_;
  Aliases aliases_;
  bool incomplete_ = false;
};

}  // namespace gatepost::server
