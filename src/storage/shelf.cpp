// SPDX-License-Identifier: Apache-2.0
// storage: how an item leaves the queue.
//
//   1  its row taken out and its id counted as removed, in one commit
//   2  its text unlinked
//   3  after many items: the folder of the texts synced
//   4  their ids forgotten
//
// A cut before 1 leaves the item in the queue. After it, the text may still be there, or be there
// again because its unlinking was not on the disk; the removed id tells it from a promised text
// whose row was lost, and the next start unlinks it. The sync of 3 costs as much for one as for
// many, and nobody waits for it.
#include "storage/shelf.h"

#include <cerrno>

namespace gatepost::storage {
namespace {

/// So many removed ids at most are looked at by the next start, besides those whose texts the disk
/// would not unlink.
constexpr std::size_t kMostUnlinked = 64;

}  // namespace

Result<std::size_t> Shelf::take_out(std::span<const std::string> ids) {
  GP_TRY(const std::size_t erased, index->erase(ids));
  std::vector<std::string> gone;
  for (const std::string& id : ids) {
    const auto unlinked = texts.remove(id);
    // What stays behind is tried again at the next start.
    if (unlinked || unlinked.error().system == ENOENT) gone.push_back(id);
  }
  auto many = unlinked_.with([&gone](std::vector<std::string>& unlinked) {
    unlinked.insert(unlinked.end(), gone.begin(), gone.end());
    return unlinked.size() < kMostUnlinked ? std::vector<std::string>()
                                           : std::exchange(unlinked, {});
  });
  // Ids that cannot be forgotten now are so at the next start.
  if (!many.empty() && texts.sync_names()) static_cast<void>(index->forget(many));
  return erased;
}

}  // namespace gatepost::storage
