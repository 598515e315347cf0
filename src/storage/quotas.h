// SPDX-License-Identifier: Apache-2.0
// storage: what Maildirs hold, by the file maildirsize, which other programs read and write too.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "mail/quota.h"
#include "storage/clerk.h"
#include "storage/files.h"

namespace gatepost::storage {

/// Any thread. All but known() block.
///
/// Follows the Maildir++ quota specification: one file in the Maildir's root, written whole by
/// rename and otherwise only appended to, each time with one call. Messages in Trash and below
/// do not count. A file that is too long, damaged, or made for other limits is made anew; so is
/// one that is older than 15 minutes when it says that the mailbox is full, because the owner
/// may have made room by a program that knows nothing of the file.
class Quotas {
 public:
  /// `files` outlives it.
  explicit Quotas(Files& files) : files_(files) {}

  /// What the Maildir holds, from memory when it was asked within the last seconds. A Maildir
  /// that does not exist holds nothing. `now` is the wall clock.
  Result<mail::QuotaUse> use(const std::string& maildir,
                             const mail::QuotaLimits& limits,
                             Moment now);
  /// use() as far as it needs no disk.
  std::optional<mail::QuotaUse> known(const std::string& maildir,
                                      const mail::QuotaLimits& limits,
                                      Moment now);
  /// Whether messages in `folder`, a path in `maildir`, are not counted: Trash and below.
  [[nodiscard]] static bool is_free(std::string_view maildir, std::string_view folder);
  /// Tells the file, where there is one, that a message of `octets` came in. Gives what the
  /// Maildir holds then; nothing where nobody counts, or where the file cannot be written: then
  /// the next count of the messages puts it right.
  std::optional<mail::QuotaUse> add(const std::string& maildir,
                                    const mail::QuotaLimits& limits,
                                    std::uint64_t octets);

 private:
  struct Known {
    mail::QuotaLimits limits;
    mail::QuotaUse use;
    Moment read{};
  };
  struct Count {
    mail::QuotaUse use;
    bool quiet = true;  ///< No folder changed while it was counted.
  };
  using Memory = std::map<std::string, Known>;

  Result<mail::QuotaUse> look(const std::string& maildir,
                              const mail::QuotaLimits& limits,
                              Moment now);
  Result<std::string> read_file(int root, Moment& changed);
  Result<Count> count(int root);
  Result<void> count_folder(int folder, Count& into);
  Result<void> count_names(int folder, const char* name, Count& into);
  Result<void> write_file(int root, const mail::MaildirSize& size, Moment now);
  void remember(const std::string& maildir, const Known& known);

  Files& files_;
  Guarded<Memory> memory_;
  std::atomic<std::uint32_t> serial_{0};  ///< For names in tmp/.
};

}  // namespace gatepost::storage
