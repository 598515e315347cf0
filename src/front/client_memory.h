// SPDX-License-Identifier: Apache-2.0
// front: what is remembered of clients: a few in memory, all in the state's database.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>

#include "base/address.h"
#include "base/stamp.h"
#include "base/task.h"
#include "screen/record.h"
#include "state/screen_store.h"

namespace gatepost::front {

/// postscreen_cache_map. IPv6 clients are one with their network: who has an address there has all
/// of them.
class ClientMemory {
 public:
  static constexpr std::size_t kMost = 4096;  ///< In memory.
  static constexpr unsigned kIpv6Prefix = 64;

  /// `store` outlives it; null: nothing is kept over restarts.
  explicit ClientMemory(state::ScreenStore* store) : store_(store) {}

  [[nodiscard]] static IpAddress key_of(const IpAddress& client) {
    return client.is_v4() ? client : client.masked(kIpv6Prefix);
  }
  /// Of a client nobody knows: an empty record.
  Task<screen::Record> find(IpAddress client);
  /// What is known of it at once; null: nothing. Good until the next call.
  [[nodiscard]] const screen::Record* peek(const IpAddress& client) const;
  void keep(const IpAddress& client, const screen::Record& record);
  void forget(const IpAddress& client);
  void forget_all();
  /// Out of memory with what ended before `before`; the store has a sweep of its own.
  void forget_older(Stamp before);

 private:
  struct Entry {
    IpAddress key;
    screen::Record record;
  };
  using Entries = std::list<Entry>;
  void put(const IpAddress& key, const screen::Record& record);

  state::ScreenStore* store_;
  std::uint64_t forgotten_ = 0;  // How often something was: what was read before is out of date.
  Entries entries_;              // The one last used first.
  std::map<IpAddress, Entries::iterator> index_;
};

}  // namespace gatepost::front
