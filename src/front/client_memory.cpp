// SPDX-License-Identifier: Apache-2.0
// front: what is remembered of clients: a few in memory, all in the state's database.
#include "front/client_memory.h"

#include <optional>
#include <string>

namespace gatepost::front {

Task<screen::Record> ClientMemory::find(IpAddress client) {
  const IpAddress key = key_of(client);
  if (const auto at = index_.find(key); at != index_.end()) {
    entries_.splice(entries_.begin(), entries_, at->second);
    co_return at->second->record;
  }
  if (store_ == nullptr) co_return screen::Record{};
  const std::uint64_t before = forgotten_;
  const std::optional<std::string> text = co_await store_->find(key.text());
  // A sibling may have passed, or failed, meanwhile.
  if (const auto at = index_.find(key); at != index_.end()) co_return at->second->record;
  if (!text || before != forgotten_) co_return screen::Record{};
  const screen::Record record = screen::Record::parse(*text).value_or(screen::Record{});
  put(key, record);
  co_return record;
}

const screen::Record* ClientMemory::peek(const IpAddress& client) const {
  const auto at = index_.find(key_of(client));
  return at == index_.end() ? nullptr : &at->second->record;
}

void ClientMemory::put(const IpAddress& key, const screen::Record& record) {
  if (const auto at = index_.find(key); at != index_.end()) {
    at->second->record = record;
    return;
  }
  if (index_.size() >= kMost) {
    index_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({key, record});
  index_.emplace(key, entries_.begin());
}

void ClientMemory::keep(const IpAddress& client, const screen::Record& record) {
  const IpAddress key = key_of(client);
  put(key, record);
  if (store_ != nullptr) store_->keep(key.text(), record.text(), record.last());
}

void ClientMemory::forget(const IpAddress& client) {
  ++forgotten_;
  const IpAddress key = key_of(client);
  if (const auto at = index_.find(key); at != index_.end()) {
    entries_.erase(at->second);
    index_.erase(at);
  }
  if (store_ != nullptr) store_->forget(key.text());
}

void ClientMemory::forget_older(Stamp before) {
  std::erase_if(entries_, [this, before](const Entry& entry) {
    const bool over = entry.record.last() < before;
    if (over) index_.erase(entry.key);
    return over;
  });
}

void ClientMemory::forget_all() {
  ++forgotten_;
  index_.clear();
  entries_.clear();
  if (store_ != nullptr) store_->forget_all();
}

}  // namespace gatepost::front
