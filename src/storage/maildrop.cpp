// SPDX-License-Identifier: Apache-2.0
// storage: the folder in which every user of the machine may leave mail, and nobody may look.
//
// A user of the machine is nobody's friend: names, owners, sizes and every octet are checked.
// The file stays its owner's, who may write to it while it is read; then the text is another, of
// the same length at most, and still that user's own.
#include "storage/maildrop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <sys/stat.h>
#include <utility>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "mail/path.h"
#include "queue/record.h"

namespace gatepost::storage {
namespace {

constexpr char kReady = 'M';
constexpr char kWriting = 'T';
constexpr std::size_t kNameOctets = 1 + 16 + 32;
constexpr auto kGivenUp = std::chrono::hours(24);
// Read by the service, which is not root; the folder keeps everybody else out.
constexpr mode_t kFileRights = 0644;
constexpr std::uint32_t kOthersWrite = 022;

bool is_name(std::string_view name, char kind) {
  return name.size() == kNameOctets && name.front() == kind &&
         std::all_of(name.begin() + 1, name.end(),
                     [](char c) { return is_digit(c) || (c >= 'A' && c <= 'F'); });
}

Error broken(std::string detail) {
  return Error{Cause::Permanent, std::move(detail), 0};
}

/// What parse_mailbox() would not have let through was not written by sendmail(1).
bool is_sound(const mail::Mailbox& mailbox, bool null) {
  if (mailbox.empty()) return null;
  const mail::PathRules rules{.utf8 = true, .strict = false, .null = false};
  const auto parsed = mail::parse_mailbox(mailbox.text(), rules);
  const auto* again = std::get_if<mail::Mailbox>(&parsed);
  return again != nullptr && *again == mailbox;
}

Result<void> check_item(const queue::Item& item, const std::string& name) {
  if (item.id != name) return broken("its envelope is of another file");
  if (item.destinations.empty() || item.destinations.size() > kMostDropRecipients) {
    return broken("number of recipients out of range");
  }
  bool sound = is_sound(item.sender, true);
  for (const queue::Destination& each : item.destinations) {
    sound = sound && is_sound(each.recipient.mailbox, false);
  }
  return sound ? Result<void>() : broken("an address that is none");
}

}  // namespace

DropWriter::DropWriter(
    Files& files, Descriptor file, std::string folder, std::string name, Moment now)
    : files_(files),
      file_(std::move(file)),
      folder_(std::move(folder)),
      name_(std::move(name)),
      now_(now) {}

DropWriter::DropWriter(DropWriter&& other) noexcept
    : files_(other.files_),
      file_(std::move(other.file_)),
      folder_(std::move(other.folder_)),
      name_(std::move(other.name_)),
      now_(other.now_),
      octets_(other.octets_),
      buffer_(std::move(other.buffer_)),
      unseen_(std::exchange(other.unseen_, false)) {}

DropWriter::~DropWriter() {
  if (unseen_) static_cast<void>(files_.unlink(kNoFolder, path(kWriting)));
}

std::string DropWriter::path(char kind) const {
  std::string out = folder_ + "/" + name_;
  out[folder_.size() + 1] = kind;
  return out;
}

Result<DropWriter> DropWriter::create(Files& files,
                                      const std::string& folder,
                                      std::string_view token,
                                      Moment now) {
  const auto micros = static_cast<std::uint64_t>(now.time_since_epoch().count());
  std::string name = format("{}{:016X}{}", kReady, micros, token);
  if (!is_name(name, kReady)) return Error{Cause::Bug, "not a token", 0};
  std::string made = folder + "/" + name;
  made[folder.size() + 1] = kWriting;
  GP_TRY(const int number, files.create(kNoFolder, made));
  DropWriter writer(files, Descriptor(files, number), folder, std::move(name), now);
  if (::fchmod(number, kFileRights) != 0) return system_error("chmod", errno);
  return writer;
}

Result<void> DropWriter::append(std::string_view octets) {
  buffer_ += octets;
  octets_ += octets.size();
  if (buffer_.size() < limits::kTextBuffer) return {};
  const std::array<std::string_view, 1> parts{buffer_};
  GP_CHECK(files_.write(file_.get(), parts));
  buffer_.clear();
  return {};
}

Result<void> DropWriter::finish(queue::Item item) {
  item.id = name_;
  item.arrived = now_;
  item.octets = octets_;
  const std::string trailer = queue::format_trailer(item);
  const std::array<std::string_view, 2> parts{buffer_, trailer};
  GP_CHECK(files_.write(file_.get(), parts));
  return files_.sync(file_.get());
}

// Who may not read the folder may not sync it either. The file is synced once more instead: a
// journal that makes this change of the file's durable makes the renaming before it durable too
// (ext4, XFS and btrfs all log the name with the inode).
Result<void> DropWriter::commit() {
  GP_CHECK(files_.rename(kNoFolder, path(kWriting), kNoFolder, path(kReady)));
  unseen_ = false;
  Result<void> synced = files_.sync(file_.get());
  // The caller is told of a failure and sends again; the service may have been quicker.
  if (!synced) static_cast<void>(files_.unlink(kNoFolder, path(kReady)));
  return synced;
}

Result<Descriptor> Maildrop::open_folder() const {
  GP_TRY(const int opened, files_.open_folder(kNoFolder, folder_));
  return Descriptor(files_, opened);
}

Result<Moment> Maildrop::changed() const {
  GP_TRY(const FileFacts facts, files_.facts(kNoFolder, folder_));
  return facts.changed;
}

Result<std::vector<std::string>> Maildrop::list(std::size_t most,
                                                Moment now,
                                                std::vector<std::string>& strange) {
  GP_TRY(const Descriptor folder, open_folder());
  // Everything that is there, within reason: files nobody finishes must not hide others.
  constexpr std::size_t kMostNames = 1'000'000;
  GP_TRY(std::vector<std::string> names, files_.list(folder.get(), kMostNames));
  std::vector<std::string> ready;
  for (std::string& name : names) {
    if (is_name(name, kReady)) {
      ready.push_back(std::move(name));
    } else if (name != "corrupt") {
      sweep(folder.get(), name, now, strange);
    }
  }
  return in_turn(folder.get(), std::move(ready), most);
}

std::vector<std::string> Maildrop::in_turn(int folder,
                                           std::vector<std::string> names,
                                           std::size_t most) {
  struct Place {
    std::size_t turn = 0;
    std::string name;
  };
  // The moment of writing stands first in a name.
  std::sort(names.begin(), names.end());
  std::map<std::uint32_t, std::size_t> turns;
  std::vector<Place> places;
  for (std::string& name : names) {
    const Result<FileFacts> facts = files_.facts(folder, name);
    // What cannot be asked now is asked again when it is opened.
    places.push_back({turns[facts ? facts->uid : 0]++, std::move(name)});
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.turn < b.turn; });
  if (places.size() > most) places.resize(most);
  std::vector<std::string> out;
  for (Place& place : places) out.push_back(std::move(place.name));
  return out;
}

void Maildrop::sweep(int folder,
                     const std::string& name,
                     Moment now,
                     std::vector<std::string>& strange) {
  if (!is_name(name, kWriting)) {
    if (set_aside(folder, name)) strange.push_back(name);
    return;
  }
  const Result<FileFacts> facts = files_.facts(folder, name);
  if (facts && facts->changed + kGivenUp < now) static_cast<void>(files_.unlink(folder, name));
}

Result<Drop> Maildrop::open(const std::string& name) {
  GP_TRY(const Descriptor folder, open_folder());
  auto opened = files_.open(folder.get(), name);
  if (!opened) {
    const int number = opened.error().system;
    const bool short_of = number == EMFILE || number == ENFILE || number == ENOMEM || number == EIO;
    return Error{short_of ? Cause::Temporary : Cause::Permanent, opened.error().detail, number};
  }
  Drop drop;
  drop.name = name;
  drop.file = Descriptor(files_, *opened);
  GP_TRY(const FileFacts facts, files_.facts(drop.file.get()));
  // A link to somebody else's file would make that user the sender, and show the file.
  if (!facts.is_file || facts.links != 1) return broken("not a plain file with one name");
  if ((facts.rights & kOthersWrite) != 0) return broken("others than its owner may write to it");
  if (facts.octets < queue::kFooterOctets) return broken("not a whole message");
  drop.uid = facts.uid;

  std::array<char, queue::kFooterOctets> end{};
  GP_TRY(const std::size_t got, files_.read(drop.file.get(), facts.octets - end.size(), end));
  const auto footer = queue::parse_footer(std::string_view(end.data(), got), facts.octets);
  if (!footer || footer->record_octets > queue::kMostRecord) return broken("not a whole message");
  std::string record(footer->record_octets, '\0');
  GP_TRY(const std::size_t read, files_.read(drop.file.get(), footer->text_octets, record));
  record.resize(read);
  auto item = queue::parse_trailer(*footer, record);
  if (!item) return broken("its envelope is damaged");
  GP_CHECK(check_item(*item, name));
  drop.item = *std::move(item);
  return drop;
}

Result<void> Maildrop::remove(const std::string& name) {
  GP_TRY(const Descriptor folder, open_folder());
  GP_CHECK(files_.unlink(folder.get(), name));
  return files_.sync_folder(folder.get());
}

Result<void> Maildrop::set_aside(const std::string& name) {
  GP_TRY(const Descriptor folder, open_folder());
  return set_aside(folder.get(), name);
}

// Renaming works for whatever a user put there, folders too; a copy of the same name that is there
// already is not replaced.
Result<void> Maildrop::set_aside(int folder, const std::string& name) {
  auto made = files_.make_folder(folder, "corrupt");
  if (!made && made.error().system != EEXIST) return made;
  GP_TRY(const int opened, files_.open_folder(folder, "corrupt"));
  const Descriptor corrupt(files_, opened);
  return files_.rename(folder, name, corrupt.get(), name);
}

}  // namespace gatepost::storage
