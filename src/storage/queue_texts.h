// SPDX-License-Identifier: Apache-2.0
// storage: the texts of the queue, one file each, with their envelopes at the end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "queue/item.h"
#include "queue/record.h"
#include "storage/files.h"
#include "storage/maildirs.h"

namespace gatepost::storage {

/// The folder `text/` of the queue. A file is named by its item's id; its form is that of
/// queue/record.h. Any thread; blocks.
class QueueTexts {
 public:
  /// `files` outlives it.
  explicit QueueTexts(Files& files) : files_(files) {}

  /// Makes the folder with its parents. Before anything else.
  Result<void> open(const std::string& path);
  [[nodiscard]] bool is_open() const { return static_cast<bool>(folder_.folder); }
  /// EEXIST when there is a text of this id.
  Result<Descriptor> create(const std::string& id);
  /// The names of all files created before are on the disk afterwards.
  Result<void> sync_names() { return folder_.sync(files_); }
  Result<void> remove(const std::string& id);
  /// Files that are named like an item.
  Result<std::vector<std::string>> ids();
  /// The envelope at the end. EUCLEAN when the file is not whole or not that item's.
  Result<queue::Item> read_item(const std::string& id);
  /// A piece of the text, without what follows it; shorter than `most` at the text's end.
  Result<std::string> read(const std::string& id, std::uint64_t offset, std::size_t most);
  /// Gives a file that cannot be read a name that ids() passes over.
  Result<void> set_aside(const std::string& id);

 private:
  Result<queue::Footer> read_footer(const std::string& id, const Descriptor& file);

  Files& files_;
  SharedFolder folder_;
};

}  // namespace gatepost::storage
