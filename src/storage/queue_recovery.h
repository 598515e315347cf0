// SPDX-License-Identifier: Apache-2.0
// storage: the queue after a start: index and texts made to agree.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/files.h"
#include "storage/queue_index.h"
#include "storage/queue_texts.h"

namespace gatepost::storage {

/// Opens `folder`/queue.db and `folder`/text/ (into `texts`); makes what is missing. What was
/// not in order and what was done about it is added to `problems`, a line each.
///
/// An index in order: the text of an item that was taken out is removed; another text without a
/// row goes in again when it is whole, else it is removed; a row without a text is moved to the
/// table `lost`. An index that is damaged is
/// renamed; then, or when there is none, each whole text becomes a row again, and files that
/// are not whole get the ending `.damaged`.
[[nodiscard]] Result<std::unique_ptr<QueueIndex>> open_queue(Files& files,
                                                             const std::string& folder,
                                                             QueueTexts& texts,
                                                             std::vector<std::string>& problems);

}  // namespace gatepost::storage
