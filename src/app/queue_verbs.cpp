// SPDX-License-Identifier: Apache-2.0
// app: the control socket's verbs that change the queue.
#include "app/queue_verbs.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "control/human.h"
#include "queue/record.h"

namespace gatepost::app {
namespace {

using control::Verb;

constexpr std::string_view kAll = "ALL";

Result<void> check_words(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (queue::is_item_id(word)) continue;
    return Error{Cause::Permanent, "not a queue id: " + printable(word, limits::kLogText), 0};
  }
  return {};
}

std::string_view what_was_done(Verb verb) {
  if (verb == Verb::Hold) return "Placed on hold";
  if (verb == Verb::Flush) return "To be tried now";
  return verb == Verb::Release ? "Released from hold" : "Deleted";
}

/// An error when none of them is on hold, and one at least is there.
Task<Result<void>> check_held(storage::MailStore& store, const std::vector<std::string>& ids) {
  const auto items = co_await store.list(std::numeric_limits<std::size_t>::max());
  if (!items) co_return items.error();
  const queue::Item* free = nullptr;
  for (const queue::Item& item : *items) {
    if (std::find(ids.begin(), ids.end(), item.id) == ids.end()) continue;
    if (item.hold) co_return Result<void>();
    free = &item;
  }
  if (free == nullptr) co_return Result<void>();
  co_return Error{Cause::Permanent, free->id + " is not on hold", 0};
}

}  // namespace

Task<Result<std::string>> change_queue(storage::MailStore& store, const control::Request& request) {
  const auto checked = check_words(request.words);
  if (!checked) co_return checked.error();
  std::vector<std::string> ids = request.words;
  const bool all = ids.size() == 1 && ids.front() == kAll;
  if (all) {
    const auto items = co_await store.list(std::numeric_limits<std::size_t>::max());
    if (!items) co_return items.error();
    ids.clear();
    for (const queue::Item& item : *items) ids.push_back(item.id);
  }
  if (request.verb == Verb::Release && !all) {
    Result<void> held = co_await check_held(store, request.words);
    if (!held) co_return std::move(held).error();
  }
  Result<std::size_t> changed(std::size_t{0});
  if (request.verb == Verb::Delete) {
    changed = co_await store.erase_all(std::move(ids));
  } else {
    queue::Change change;
    if (request.verb != Verb::Flush) change.hold = request.verb == Verb::Hold;
    // What is released or asked for is tried at once, however long it should wait.
    if (request.verb != Verb::Hold) change.next = Moment{};
    changed = co_await store.update(std::move(ids), std::move(change));
  }
  if (!changed) co_return std::move(changed).error();
  if (*changed == 0 && !all) {
    co_return Error{Cause::Permanent, "no such message in the queue", 0};
  }
  co_return format("{}: {}", what_was_done(request.verb),
                   control::format_count(*changed, "message", "messages"));
}

}  // namespace gatepost::app
