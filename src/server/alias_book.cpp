// SPDX-License-Identifier: Apache-2.0
// server: the throw-away addresses in force, in memory, and their way to the disk.
#include "server/alias_book.h"

#include <cerrno>
#include <utility>

#include "log/events.h"
#include "policy/throwaway.h"

namespace gatepost::server {
namespace {

/// All are in memory; a few hundred octets each.
constexpr std::size_t kMostAliases = 100'000;

struct Opened {
  Result<std::unique_ptr<storage::AliasStore>> store;
  std::vector<mail::Throwaway> aliases;
  std::vector<std::string> problems;
};

}  // namespace

Task<Result<void>> AliasBook::open(std::string folder, std::vector<std::string>& problems) {
  auto job = [this, folder = std::move(folder)] {
    std::vector<std::string> told;
    Opened out{storage::AliasStore::open(files_, folder, told), {}, {}};
    if (out.store) {
      auto loaded = (*out.store)->load();
      if (loaded) {
        out.aliases = *std::move(loaded);
      } else {
        out.store = std::move(loaded).error();
      }
    }
    out.problems = std::move(told);
    return out;
  };
  Opened opened = co_await clerk_.run(std::move(job));
  for (std::string& problem : opened.problems) problems.push_back(std::move(problem));
  if (!opened.store) co_return std::move(opened.store).error();
  store_ = *std::move(opened.store);
  incomplete_ = store_->is_incomplete();
  for (mail::Throwaway& one : opened.aliases) {
    std::string address = one.address;
    aliases_.insert_or_assign(std::move(address), std::move(one));
  }
  co_return Result<void>();
}

const mail::Throwaway* AliasBook::find(std::string_view address) const {
  const auto found = aliases_.find(address);
  return found == aliases_.end() ? nullptr : &found->second;
}

Task<Result<void>> AliasBook::write() {
  auto job = [store = store_] { return store->flush(); };
  Result<void> written = co_await clerk_.run(std::move(job));
  co_return written;
}

void AliasBook::write_soon() {
  // What fails is still noted, and goes with the next.
  auto job = [store = store_] { static_cast<void>(store->flush()); };
  clerk_.leave(std::move(job));
}

Task<Result<void>> AliasBook::add(mail::Throwaway alias) {
  if (!store_) co_return Error{Cause::Temporary, "aliases.db is not open"};
  if (aliases_.size() >= kMostAliases) {
    co_return Error{Cause::Permanent, "there are 100000 such addresses already"};
  }
  const std::string address = alias.address;
  const auto [at, fresh] = aliases_.emplace(address, std::move(alias));
  if (!fresh) co_return Error{Cause::Permanent, address + ": there is such an address already"};
  store_->put(at->second);
  Result<void> written = co_await write();
  if (written) co_return written;
  aliases_.erase(address);
  store_->erase(address);
  co_return written;
}

Task<Result<bool>> AliasBook::revoke(std::string address, bool forget) {
  if (!store_) co_return Error{Cause::Temporary, "aliases.db is not open"};
  const auto found = aliases_.find(address);
  if (found == aliases_.end()) {
    co_return Error{Cause::Permanent, address + ": there is no such throw-away address", ESRCH};
  }
  // In force in memory whatever the disk says: who revokes an address wants its mail to end.
  // One that was given to somebody else than a correspondent may be wanted again.
  forget = forget || !policy::is_throwaway_name(address.substr(0, address.rfind('@')));
  if (forget) {
    aliases_.erase(found);
    store_->erase(address);
  } else {
    found->second.trap = true;
    store_->put(found->second);
  }
  Result<void> written = co_await write();
  if (!written) co_return std::move(written).error();
  co_return !forget;
}

std::optional<mail::ThrowawayUse> AliasBook::claim(std::string_view address,
                                                   const mail::Mailbox& sender,
                                                   std::int64_t now) {
  const auto found = aliases_.find(address);
  if (found == aliases_.end()) return std::nullopt;
  return policy::count_use(found->second, sender, now);
}

// Written after the message, not before: a crash in between then leaves a message whose sender was
// not told that it was taken and who sends it again, instead of an address that was used up by
// nothing.
Task<Result<void>> AliasBook::keep(std::vector<mail::ThrowawayUse> uses) {
  if (!store_) co_return Error{Cause::Temporary, "aliases.db is not open"};
  for (const mail::ThrowawayUse& use : uses) {
    const auto found = aliases_.find(use.address);
    if (found != aliases_.end()) store_->put(found->second);
  }
  Result<void> written = co_await write();
  co_return written;
}

void AliasBook::take_back(const mail::ThrowawayUse& use) {
  const auto found = aliases_.find(use.address);
  if (found == aliases_.end() || !store_) return;
  policy::take_back(found->second, use);
  // Something else may have written the row meanwhile.
  store_->put(found->second);
  write_soon();
}

void AliasBook::note_leak(std::string_view address, const mail::Mailbox& sender, std::int64_t now) {
  const auto found = aliases_.find(address);
  if (found == aliases_.end() || !store_) return;
  if (!policy::count_leak(found->second, sender, now)) return;
  log_.emit(log::AliasLeaked{found->second.address, found->second.domain, sender.domain});
  store_->put(found->second);
  write_soon();
}

}  // namespace gatepost::server
