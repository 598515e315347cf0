// SPDX-License-Identifier: Apache-2.0
// storage: what a crash or a bad disk did to the queue is put right here, before the first use.
#include "storage/queue_recovery.h"

#include <cerrno>
#include <set>

#include "base/format.h"
#include "queue/record.h"
#include "storage/set_aside.h"

namespace gatepost::storage {
namespace {

using Problems = std::vector<std::string>;

/// A link, a folder, a file of another user: nothing of ours, and no reason not to serve.
bool is_foreign(int number) {
  return number == ELOOP || number == EACCES || number == EPERM || number == EISDIR ||
         number == ENXIO || number == ENOTDIR;
}

void tell_foreign(const std::string& id, const Error& error, Problems& problems) {
  problems.push_back(format("{}: this queue text is left alone: {}", id, error.detail));
}

Result<void> rebuild(QueueIndex& index, QueueTexts& texts, Problems& problems) {
  GP_TRY(const auto ids, texts.ids());
  std::size_t found = 0;
  for (const std::string& id : ids) {
    auto item = texts.read_item(id);
    if (item) {
      // A row may be there from a making that was cut short.
      auto done = index.insert(*item);
      if (!done && done.error().system != EEXIST) return done;
      ++found;
      continue;
    }
    if (is_foreign(item.error().system)) {
      tell_foreign(id, item.error(), problems);
      continue;
    }
    if (item.error().system != EUCLEAN) return std::move(item).error();
    GP_CHECK(texts.set_aside(id));
    problems.push_back(format("{}: queue text is not whole; it is kept as {}.damaged", id, id));
  }
  if (found > 0) problems.push_back(format("queue.db was made anew from {} texts", found));
  return index.set_complete();
}

/// A row's own text says more than the row: a row that cannot be read is written again.
Result<void> mend_row(QueueIndex& index,
                      QueueTexts& texts,
                      const QueueIndex::Row& row,
                      Problems& problems) {
  auto item = texts.read_item(row.id);
  if (item && row.readable && row.octets == item->octets) return {};
  if (item) {
    GP_CHECK(index.replace(*item));
    problems.push_back(format("{}: queue row did not fit its text and was made anew", row.id));
    return {};
  }
  const int number = item.error().system;
  if (is_foreign(number)) {
    tell_foreign(row.id, item.error(), problems);
    return {};
  }
  if (number == EUCLEAN) {
    GP_CHECK(texts.set_aside(row.id));
  } else if (number != ENOENT) {
    return std::move(item).error();
  }
  GP_CHECK(index.set_aside(row.id));
  problems.push_back(format("{}: queue text is {}; the row was moved to table lost", row.id,
                            number == ENOENT ? "gone" : "not whole"));
  return {};
}

/// What was taken out of the queue before its text was gone for good. Done before anything else
/// looks at the texts.
Result<void> remove_texts(QueueIndex& index, QueueTexts& texts, Problems& problems) {
  GP_TRY(auto ids, index.removed());
  if (ids.empty()) return {};
  std::erase_if(ids, [&texts, &problems](const std::string& id) {
    // The rows were written by us, but a name out of the folder must not come of them.
    if (!queue::is_item_id(id)) return false;
    const auto removed = texts.remove(id);
    if (removed || removed.error().system == ENOENT) return false;
    problems.push_back(
        format("{}: this text is not in the queue any more: {}", id, removed.error().detail));
    return true;
  });
  GP_CHECK(texts.sync_names());
  return index.forget(ids);
}

/// A text without a row. Whole, it may have been promised: the index may be older than the
/// text, or its log be lost. Then it goes in again, at the price of sending twice what a crash
/// caught between text and row. Not whole, it was caught while it was written, before any
/// promise.
Result<void> adopt(QueueIndex& index,
                   QueueTexts& texts,
                   const std::string& id,
                   Problems& problems) {
  auto item = texts.read_item(id);
  if (item) {
    GP_CHECK(index.insert(*item));
    problems.push_back(format("{}: queue text without a row is in the queue again", id));
    return {};
  }
  if (is_foreign(item.error().system)) {
    tell_foreign(id, item.error(), problems);
    return {};
  }
  if (item.error().system != EUCLEAN) return std::move(item).error();
  return texts.remove(id);
}

Result<void> reconcile(QueueIndex& index, QueueTexts& texts, Problems& problems) {
  GP_CHECK(remove_texts(index, texts, problems));
  GP_TRY(const auto removed, index.removed());
  std::set<std::string> known(removed.begin(), removed.end());
  GP_TRY(const auto rows, index.rows());
  for (const QueueIndex::Row& row : rows) {
    known.insert(row.id);
    if (!queue::is_item_id(row.id)) {
      GP_CHECK(index.set_aside(row.id));
      problems.push_back("a queue row without an id was moved to table lost");
      continue;
    }
    GP_CHECK(mend_row(index, texts, row, problems));
  }
  GP_TRY(const auto ids, texts.ids());
  for (const std::string& id : ids) {
    if (!known.contains(id)) GP_CHECK(adopt(index, texts, id, problems));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<QueueIndex>> open_queue(Files& files,
                                               const std::string& folder,
                                               QueueTexts& texts,
                                               Problems& problems) {
  GP_CHECK(texts.open(folder + "/text"));
  GP_TRY(const int number, files.open_folder(kNoFolder, folder));
  const Descriptor root(files, number);
  const std::string path = folder + "/queue.db";
  auto index = QueueIndex::open(path);
  if (!index && index.error().system == EUCLEAN) {
    problems.push_back(index.error().detail);
    GP_CHECK(set_aside(files, root.get(), "queue.db", problems));
    index = QueueIndex::open(path);
  }
  if (!index) return index;
  // The index's own name.
  GP_CHECK(files.sync_folder(root.get()));
  GP_TRY(const bool complete, (*index)->is_complete());
  if (complete) {
    GP_CHECK(reconcile(**index, texts, problems));
  } else {
    GP_CHECK(rebuild(**index, texts, problems));
  }
  return index;
}

}  // namespace gatepost::storage
