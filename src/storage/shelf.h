// SPDX-License-Identifier: Apache-2.0
// storage: what all messages share: the Maildirs, the queue, and how an item leaves it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "storage/clerk.h"
#include "storage/files.h"
#include "storage/mail_store.h"
#include "storage/maildirs.h"
#include "storage/queue_index.h"
#include "storage/queue_texts.h"
#include "storage/quotas.h"

namespace gatepost::storage {

/// Any thread, but where it says otherwise.
struct Shelf {
  Shelf(Files& the_files, MailStore::Settings the_settings, std::uint32_t first_serial)
      : files(the_files),
        settings(std::move(the_settings)),
        hostname(std::make_shared<const std::string>(settings.hostname)),
        maildirs(the_files, 64, settings.maildir_mode),
        quotas(the_files),
        texts(the_files),
        serial(first_serial) {}

  /// Takes items out of the queue, with their texts; tells how many there were. After an error
  /// they are all still there. Blocks.
  Result<std::size_t> take_out(std::span<const std::string> ids);

  Files& files;
  const MailStore::Settings settings;
  /// Escaped. Of the loop's thread, for messages that begin.
  std::shared_ptr<const std::string> hostname;
  Maildirs maildirs;
  Quotas quotas;
  QueueTexts texts;
  std::unique_ptr<QueueIndex> index;  ///< Null before open().
  std::atomic<std::uint32_t> serial;  ///< For the Q of Maildir names; starts anywhere.

 private:
  Guarded<std::vector<std::string>> unlinked_;  ///< Texts gone, but perhaps not yet from the disk.
};

}  // namespace gatepost::storage
