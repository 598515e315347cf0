// SPDX-License-Identifier: Apache-2.0
// storage: opening, making, sharing and sweeping Maildirs.
#include "storage/maildirs.h"

#include <cerrno>
#include <chrono>

#include "base/text.h"

namespace gatepost::storage {
namespace {

using namespace std::literals;

/// In octets; a name in a file system has at most 255, and folders have folders.
constexpr std::size_t kMostFolderName = 240;
constexpr std::size_t kFoldersLooked = 100'000;
/// Folders are made by whoever writes an address: with so many there, no more are.
constexpr std::size_t kMostFolders = 64;
constexpr std::size_t kSweptRemembered = 10000;
constexpr std::size_t kSweptAtOnce = 10000;
/// The Maildir convention: nobody takes 36 hours to deliver a message.
constexpr auto kStale = 36h;
constexpr auto kSweepEvery = 24h;

Error at(const std::string& path, Error error) {
  error.detail.insert(0, path + ": ");
  return error;
}

}  // namespace

Result<void> SharedFolder::sync(Files& files) {
  Result<void> own;
  rounds_.join(own, [&](std::span<Result<void>* const> all) {
    const auto done = files.sync_folder(folder.get());
    for (Result<void>* each : all) *each = done;
  });
  return own;
}

Result<Maildirs::Lease> Maildirs::open(const std::string& path, Moment now) {
  if (Maildir* found = find(path); found != nullptr) {
    Lease lease(*this, *found);
    if (still_there(*found)) {
      sweep_if_due(*found, now);
      return lease;
    }
    retire(*found);
  }
  auto lease = open_new(path);
  if (!lease) return at(path, std::move(lease).error());
  sweep_if_due(*lease->operator->(), now);
  return lease;
}

Result<Maildirs::Lease> Maildirs::open_folder(const std::string& path,
                                              const std::string& folder,
                                              bool create,
                                              Moment now) {
  const bool safe = !folder.empty() && folder.front() != '.' && folder.back() != '.' &&
                    folder.size() < kMostFolderName && folder.find("..") == std::string::npos &&
                    folder.find('/') == std::string::npos && folder.find('\0') == std::string::npos;
  if (!safe) return open(path, now);
  std::size_t there = 0;
  auto found = find_folder(path, "." + folder, there);
  if (!found) return at(path, std::move(found).error());
  if (!found->empty()) return open(path + "/" + *found, now);
  if (!create || there >= kMostFolders) return open(path, now);
  // The Maildir first: a folder alone is no mailbox.
  GP_TRY(const Lease root, open(path, now));
  const std::string fresh = path + "/." + folder;
  auto made = open(fresh, now);
  if (!made) {
    // A link or a file of that name: the owner's business, and no reason to keep mail waiting.
    const int number = made.error().system;
    if (number == ENOTDIR || number == ELOOP) return open(path, now);
    return made;
  }
  Lease lease = *std::move(made);
  auto marked = mark_folder(fresh);
  if (!marked) return at(fresh, std::move(marked).error());
  return lease;
}

/// Empty when there is none; `there` is how many others there are then.
Result<std::string> Maildirs::find_folder(const std::string& path,
                                          const std::string& name,
                                          std::size_t& there) {
  const auto exact = files_.facts(kNoFolder, path + "/" + name);
  if (exact && exact->is_folder) return name;
  auto number = files_.open_folder(kNoFolder, path);
  if (!number && number.error().system == ENOENT) return std::string();
  if (!number) return std::move(number).error();
  const Descriptor root(files_, *number);
  GP_TRY(const auto names, files_.list(root.get(), kFoldersLooked));
  for (const std::string& each : names) {
    if (each.starts_with('.')) ++there;
    if (!iequals(each, name)) continue;
    const auto facts = files_.facts(root.get(), each);
    if (facts && facts->is_folder) return each;
  }
  return std::string();
}

/// Maildir++: an empty file tells programs that begin here that this is not the mailbox's root.
Result<void> Maildirs::mark_folder(const std::string& path) {
  GP_TRY(const int number, files_.open_folder(kNoFolder, path));
  const Descriptor folder(files_, number);
  auto made = files_.create(folder.get(), "maildirfolder");
  if (!made && made.error().system == EEXIST) return {};
  if (!made) return std::move(made).error();
  const Descriptor file(files_, *made);
  if (mode_ == kOwnerOnly) return {};
  return files_.set_mode(file.get(), mode_ & 0666U);
}

Maildirs::Maildir* Maildirs::find(const std::string& path) {
  return table_.with([&](Table& table) -> Maildir* {
    const auto found = table.open.find(path);
    if (found == table.open.end()) return nullptr;
    Maildir& maildir = *found->second;
    if (maildir.users++ == 0) --table.idle;
    return &maildir;
  });
}

bool Maildirs::still_there(const Maildir& maildir) {
  // The owner may have moved the Maildir away and put another in its place; what we hold
  // open would then receive mail nobody reads.
  const auto fresh = files_.facts(kNoFolder, maildir.path + "/new");
  if (!fresh || !fresh->same_as(maildir.fresh_facts)) return false;
  const auto tmp = files_.facts(kNoFolder, maildir.path + "/tmp");
  return tmp && tmp->same_as(maildir.tmp_facts);
}

void Maildirs::retire(Maildir& maildir) {
  table_.with([&](Table& table) {
    if (maildir.stale) return;
    maildir.stale = true;
    const auto found = table.open.find(maildir.path);
    // From here on it belongs to its users; the last one closes it.
    static_cast<void>(found->second.release());
    table.open.erase(found);
  });
}

void Maildirs::give_back(Maildir& maildir) {
  // Closed after the lock is given up.
  std::unique_ptr<Maildir> closing;
  table_.with([&](Table& table) {
    if (--maildir.users > 0) return;
    if (maildir.stale) {
      closing.reset(&maildir);
      return;
    }
    maildir.last_use = ++table.uses;
    if (++table.idle > most_idle_) closing = drop_oldest(table);
  });
}

std::unique_ptr<Maildirs::Maildir> Maildirs::drop_oldest(Table& table) {
  auto oldest = table.open.end();
  for (auto each = table.open.begin(); each != table.open.end(); ++each) {
    if (each->second->users > 0) continue;
    if (oldest == table.open.end() || each->second->last_use < oldest->second->last_use) {
      oldest = each;
    }
  }
  if (oldest == table.open.end()) return nullptr;
  --table.idle;
  if (table.swept.size() >= kSweptRemembered) table.swept.clear();
  table.swept[oldest->first] = oldest->second->swept;
  auto dropped = std::move(oldest->second);
  table.open.erase(oldest);
  return dropped;
}

Result<Maildirs::Lease> Maildirs::open_new(const std::string& path) {
  // A folder another thread has just made looks like any other, but a power cut may still
  // take it away, and every message in it. So making and opening take turns: who finds a
  // folder here finds it synced.
  return opening_.with([&](const Turn&) -> Result<Lease> {
    if (Maildir* found = find(path); found != nullptr) return Lease(*this, *found);
    GP_TRY(auto maildir, open_folders(path));
    Maildir* entered = table_.with([&](Table& table) {
      const auto swept = table.swept.find(path);
      if (swept != table.swept.end()) maildir->swept = swept->second;
      maildir->users = 1;
      return table.open.emplace(path, std::move(maildir)).first->second.get();
    });
    return Lease(*this, *entered);
  });
}

Result<std::unique_ptr<Maildirs::Maildir>> Maildirs::open_folders(const std::string& path) {
  if (!path.starts_with('/')) return Error{Cause::Bug, "not an absolute path", EINVAL};
  auto number = files_.open_folder(kNoFolder, path);
  if (!number && number.error().system == ENOENT) {
    GP_CHECK(make_folders(files_, path, mode_));
    number = files_.open_folder(kNoFolder, path);
  }
  if (!number) return std::move(number).error();
  const Descriptor root(files_, *number);

  auto maildir = std::make_unique<Maildir>();
  maildir->path = path;
  bool made = false;
  GP_TRY(maildir->tmp, open_or_make(root.get(), "tmp", made));
  GP_TRY(maildir->fresh.folder, open_or_make(root.get(), "new", made));
  if (made) {
    // Readers want all three.
    GP_TRY(const Descriptor cur, open_or_make(root.get(), "cur", made));
    GP_CHECK(files_.sync_folder(root.get()));
  }
  GP_TRY(maildir->tmp_facts, files_.facts(maildir->tmp.get()));
  GP_TRY(maildir->fresh_facts, files_.facts(maildir->fresh.folder.get()));
  return maildir;
}

Result<Descriptor> Maildirs::open_or_make(int maildir, const std::string& name, bool& made) {
  auto number = files_.open_folder(maildir, name);
  if (!number && number.error().system == ENOENT) {
    auto done = files_.make_folder(maildir, name);
    if (!done && done.error().system != EEXIST) return std::move(done).error();
    const bool fresh = static_cast<bool>(done);
    made = true;
    number = files_.open_folder(maildir, name);
    if (number && fresh && mode_ != kOwnerOnly) {
      const Descriptor folder(files_, *number);
      GP_CHECK(files_.set_mode(folder.get(), mode_));
      number = files_.open_folder(maildir, name);
    }
  }
  if (!number) return std::move(number).error();
  return Descriptor(files_, *number);
}

void Maildirs::sweep_if_due(Maildir& maildir, Moment now) {
  const bool due = table_.with([&](const Table&) {
    if (now - maildir.swept < kSweepEvery) return false;
    maildir.swept = now;
    return true;
  });
  if (!due) return;
  // Only tidying: what fails here fails no delivery.
  const auto names = files_.list(maildir.tmp.get(), kSweptAtOnce);
  if (!names) return;
  for (const std::string& name : *names) {
    const auto facts = files_.facts(maildir.tmp.get(), name);
    if (!facts || facts->is_folder || now - facts->changed < kStale) continue;
    static_cast<void>(files_.unlink(maildir.tmp.get(), name));
  }
}

}  // namespace gatepost::storage
