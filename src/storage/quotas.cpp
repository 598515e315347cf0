// SPDX-License-Identifier: Apache-2.0
// storage: maildirsize read, counted anew, appended to.
#include "storage/quotas.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>

#include "base/format.h"
#include "base/text.h"

namespace gatepost::storage {
namespace {

using namespace std::literals;

constexpr const char* kFile = "maildirsize";
/// A crowd of RCPTs for one mailbox costs one look at the disk.
constexpr auto kFresh = 5s;
constexpr auto kOldEnough = 15min;
constexpr std::size_t kRemembered = 10000;
/// More folders or messages than anybody has; what lies beyond is not counted.
constexpr std::size_t kMostNames = 4'000'000;
constexpr int kTries = 3;

bool is_trash(std::string_view folder) {
  return iequals(folder, ".Trash") || istarts_with(folder, ".Trash.");
}

bool is_absent(const Error& error) {
  return error.system == ENOENT || error.system == ENOTDIR;
}

}  // namespace

bool Quotas::is_free(std::string_view maildir, std::string_view folder) {
  return folder.size() > maildir.size() + 1 && is_trash(folder.substr(maildir.size() + 1));
}

Result<mail::QuotaUse> Quotas::use(const std::string& maildir,
                                   const mail::QuotaLimits& limits,
                                   Moment now) {
  if (const auto fresh = known(maildir, limits, now)) return *fresh;
  GP_TRY(const auto use, look(maildir, limits, now));
  remember(maildir, {limits, use, now});
  return use;
}

std::optional<mail::QuotaUse> Quotas::known(const std::string& maildir,
                                            const mail::QuotaLimits& limits,
                                            Moment now) {
  return memory_.with([&](const Memory& memory) -> std::optional<mail::QuotaUse> {
    const auto found = memory.find(maildir);
    if (found == memory.end() || found->second.limits != limits) return std::nullopt;
    const auto age = now - found->second.read;
    if (age < 0s || age > kFresh) return std::nullopt;
    return found->second.use;
  });
}

void Quotas::remember(const std::string& maildir, const Known& known) {
  memory_.with([&](Memory& memory) {
    if (memory.size() >= kRemembered) memory.clear();
    memory[maildir] = known;
  });
}

Result<mail::QuotaUse> Quotas::look(const std::string& maildir,
                                    const mail::QuotaLimits& limits,
                                    Moment now) {
  auto number = files_.open_folder(kNoFolder, maildir);
  if (!number && is_absent(number.error())) return mail::QuotaUse();
  if (!number) return std::move(number).error();
  const Descriptor root(files_, *number);
  Moment changed{};
  const auto text = read_file(root.get(), changed);
  if (!text && !is_absent(text.error())) return text.error();
  const auto size = text ? mail::parse_maildirsize(*text) : std::nullopt;
  if (size && size->limits == limits) {
    const bool full = !mail::fits(size->use, limits, 1);
    if (!full || now - changed < kOldEnough) return size->use;
  }
  Count counted;
  for (int n = 0; n < kTries; ++n) {
    GP_TRY(counted, count(root.get()));
    if (counted.quiet) break;
  }
  // While mail comes and goes the sum may be of no moment at all: good enough to judge by, not
  // to be written down for others. What cannot be written is counted again the next time.
  if (counted.quiet) static_cast<void>(write_file(root.get(), {limits, counted.use}, now));
  return counted.use;
}

Result<std::string> Quotas::read_file(int root, Moment& changed) {
  GP_TRY(const int number, files_.open(root, kFile));
  const Descriptor file(files_, number);
  GP_TRY(const auto facts, files_.facts(file.get()));
  changed = facts.changed;
  std::string text(mail::kMostMaildirSize, '\0');
  GP_TRY(const auto got, files_.read(file.get(), 0, text));
  text.resize(got);
  return text;
}

Result<Quotas::Count> Quotas::count(int root) {
  Count counted;
  GP_CHECK(count_folder(root, counted));
  GP_TRY(const auto names, files_.list(root, kMostNames));
  for (const std::string& name : names) {
    if (!name.starts_with('.') || is_trash(name)) continue;
    auto number = files_.open_folder(root, name);
    // A link, a file, or gone by now: no folder of this mailbox.
    if (!number && (is_absent(number.error()) || number.error().system == ELOOP)) continue;
    if (!number) return std::move(number).error();
    const Descriptor folder(files_, *number);
    GP_CHECK(count_folder(folder.get(), counted));
  }
  return counted;
}

Result<void> Quotas::count_folder(int folder, Count& into) {
  GP_CHECK(count_names(folder, "new", into));
  return count_names(folder, "cur", into);
}

Result<void> Quotas::count_names(int folder, const char* name, Count& into) {
  auto number = files_.open_folder(folder, name);
  if (!number && is_absent(number.error())) return {};
  if (!number) return std::move(number).error();
  const Descriptor place(files_, *number);
  GP_TRY(const auto before, files_.facts(place.get()));
  GP_TRY(const auto names, files_.list(place.get(), kMostNames));
  for (const std::string& each : names) {
    if (each.starts_with('.')) continue;
    auto octets = mail::size_in_name(each);
    if (!octets) {
      const auto facts = files_.facts(place.get(), each);
      if (!facts && !is_absent(facts.error())) return facts.error();
      if (!facts || facts->is_folder) continue;
      octets = facts->octets;
    }
    into.use.octets += *octets;
    into.use.messages += 1;
  }
  GP_TRY(const auto after, files_.facts(place.get()));
  if (after.changed != before.changed) into.quiet = false;
  return {};
}

Result<void> Quotas::write_file(int root, const mail::MaildirSize& size, Moment now) {
  GP_TRY(const int number, files_.open_folder(root, "tmp"));
  const Descriptor tmp(files_, number);
  const std::string name = format("{}.P{}Q{}.maildirsize", now.time_since_epoch().count(),
                                  ::getpid(), serial_.fetch_add(1));
  const std::string text = mail::format_maildirsize(size);
  const std::array<std::string_view, 1> parts = {text};
  {
    GP_TRY(const int made, files_.create(tmp.get(), name));
    const Descriptor file(files_, made);
    auto done = files_.write(file.get(), parts);
    if (!done) {
      static_cast<void>(files_.unlink(tmp.get(), name));
      return done;
    }
  }
  // Not synced: after a power cut a file that is not whole is counted anew.
  auto done = files_.replace(tmp.get(), name, root, kFile);
  if (!done) static_cast<void>(files_.unlink(tmp.get(), name));
  return done;
}

std::optional<mail::QuotaUse> Quotas::add(const std::string& maildir,
                                          const mail::QuotaLimits& limits,
                                          std::uint64_t octets) {
  memory_.with([&](Memory& memory) {
    const auto found = memory.find(maildir);
    if (found == memory.end()) return;
    found->second.use.octets += octets;
    found->second.use.messages += 1;
  });
  const auto number = files_.open_append(kNoFolder, maildir + "/" + kFile);
  if (!number) return std::nullopt;
  const Descriptor file(files_, *number);
  const std::string line = format("{} 1\n", octets);
  const std::array<std::string_view, 1> parts = {line};
  if (!files_.write(file.get(), parts) || !limits.any()) return std::nullopt;
  std::string text(mail::kMostMaildirSize, '\0');
  const auto got = files_.read(file.get(), 0, text);
  if (!got) return std::nullopt;
  const auto size = mail::parse_maildirsize(std::string_view(text).substr(0, *got));
  if (!size) return std::nullopt;
  return size->use;
}

}  // namespace gatepost::storage
