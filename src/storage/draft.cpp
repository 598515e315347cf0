// SPDX-License-Identifier: Apache-2.0
// storage: how a message becomes a promise.
//
// The order of a promise, and what a crash or a failure after each step leaves:
//
//   1  text written and synced in tmp/ of the first Maildir   a file nobody reads
//   2  the same in the queue, with its envelope; name synced  a text without a row (a)
//   3  links or copies in tmp/ of the other Maildirs, synced  files nobody reads
//   4  row of the queue committed                             (a)
//   5  each file renamed from tmp/ to new/                    (b)
//   6  each new/ synced                                       (b)
//   then 250
//
// Before 2 is done nothing is visible to anyone: stale files in tmp/ are swept, a text that is not
// whole is removed at the next start, a whole one goes in again, since a lost index looks the
// same. (a) and (b): the message is whole wherever it shows, because
// its content was synced before any name that shows it. It may be in some places and not in
// others, but nobody was told 250, so the peer sends it again: some recipients may get it
// twice, which is the error SMTP chose (RFC 1047), none gets half of it, and none loses it.
//
// Everything that needs space on the disk comes before 4, so that a full disk is found while
// there is nothing to take back. Of the two that show the message, the row comes first: it
// can be taken back by another commit, but a message in new/ may have been read.
#include "storage/draft.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <unistd.h>

#include "base/format.h"
#include "base/limits.h"
#include "queue/record.h"

namespace gatepost::storage {
namespace {

/// More copies than this are opened anew for each step, so that a message to a thousand
/// mailboxes does not hold two thousand descriptors.
constexpr std::size_t kMostHeld = 8;

/// A field's value on one line: whatever could end it is replaced.
void add_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  for (const char c : value) {
    const auto octet = static_cast<unsigned char>(c);
    out.push_back(octet < 0x20 || octet == 0x7f ? '?' : c);
  }
  out.push_back('\n');
}

bool cannot_link(int number) {
  return number == EXDEV || number == EPERM || number == EMLINK || number == ENOTSUP ||
         number == ENOSYS;
}

/// A matter of this mailbox, as far as one can tell, and not of the disk.
bool is_its_own(int number) {
  return number == ENOTDIR || number == ELOOP || number == EACCES || number == EPERM ||
         number == EROFS;
}

}  // namespace

void Draft::Tally::add(std::string_view text) {
  octets += text.size();
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    at = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    if (at == nullptr) break;
    ++lines;
    ++at;
  }
}

Draft::Draft(Shelf& shelf, IntakeRequest request)
    : shelf_(shelf),
      request_(std::move(request)),
      hostname_(shelf.hostname),
      copies_(request_.local.size()) {
  for (std::size_t n = 0; n < copies_.size(); ++n) copies_[n].which = n;
}

Result<void> Draft::check_request() const {
  if (!queue::is_item_id(request_.id)) return Error{Cause::Bug, "not an id: " + request_.id, 0};
  if (copies_.empty() && request_.envelope.recipients.empty()) {
    return Error{Cause::Bug, request_.id + ": a message for nobody", 0};
  }
  if (!request_.envelope.recipients.empty() && !shelf_.index) {
    return Error{Cause::Bug, "the queue is not open", 0};
  }
  return {};
}

Result<void> Draft::spill() {
  GP_CHECK(check_request());
  GP_CHECK(find_places());
  body_.add(buffer);
  if (!copies_.empty()) GP_CHECK(write_first(/*last=*/false));
  if (!request_.envelope.recipients.empty()) GP_CHECK(write_queued(/*last=*/false));
  written_ += buffer.size();
  buffer.clear();
  return {};
}

Result<Stored> Draft::promise() {
  auto done = store();
  if (!done) {
    undo();
    return std::move(done).error();
  }
  begun_ = false;
  Stored stored;
  stored.octets = octets_;
  stored.stores = stores_;
  stored.queued = has_row_;
  stored.put_off = std::move(put_off_);
  count_copies(stored);
  return stored;
}

Result<void> Draft::store() {
  GP_CHECK(check_request());
  GP_CHECK(find_places());
  body_.add(buffer);
  if (!copies_.empty()) GP_CHECK(write_first(/*last=*/true));
  if (!request_.envelope.recipients.empty()) GP_CHECK(write_queued(/*last=*/true));
  GP_CHECK(write_others());
  first_.close();
  GP_CHECK(insert_row());
  return show();
}

bool Draft::is_shared() const {
  return shelf_.settings.share_text && copies_.size() > 1;
}

std::string Draft::header(const LocalCopy* to) const {
  std::string out;
  out.reserve(512 + request_.received.size());
  add_field(out, "Return-Path", format("<{}>", request_.envelope.sender.text()));
  if (to != nullptr && !to->original.empty()) add_field(out, "X-Original-To", to->original);
  if (to != nullptr) add_field(out, "Delivered-To", to->recipient);
  out.append(request_.received);
  return out;
}

std::string Draft::make_name() {
  const auto micros = request_.arrived.time_since_epoch().count();
  const auto serial = shelf_.serial.fetch_add(1, std::memory_order_relaxed);
  return format("{}.M{}P{}Q{}.{}", micros / 1000000, micros % 1000000, ::getpid(), serial,
                *hostname_);
}

Result<void> Draft::hold(std::size_t n) {
  if (copies_[n].lease) return {};
  const LocalCopy& to = request_.local[n];
  Copy& copy = copies_[n];
  // Chosen once: the folder may come or go before the message is shown, and it must be found
  // where it was written.
  if (!copy.path.empty() || to.folder.empty()) {
    const std::string& path = copy.path.empty() ? to.maildir : copy.path;
    GP_TRY(copy.lease, shelf_.maildirs.open(path, request_.arrived));
  } else {
    GP_TRY(copy.lease,
           shelf_.maildirs.open_folder(to.maildir, to.folder, to.create_folder, request_.arrived));
  }
  copy.path = copy.lease->path;
  return {};
}

Result<Descriptor> Draft::create_copy(Copy& copy) {
  GP_TRY(const int number, shelf_.files.create(copy.lease->tmp.get(), copy.name));
  Descriptor file(shelf_.files, number);
  copy.place = Place::Tmp;
  begun_ = true;
  ++stores_;
  const unsigned mode = shelf_.settings.maildir_mode;
  if (mode != kOwnerOnly) GP_CHECK(shelf_.files.set_mode(file.get(), mode & 0666U));
  return file;
}

// After the promise: a number that is wrong until the next count is no reason to refuse a message
// that is already in its mailbox.
void Draft::count_copies(Stored& stored) {
  const unsigned percent = shelf_.settings.quota_warning;
  for (std::size_t n = 0; n < copies_.size(); ++n) {
    const LocalCopy& to = request_.local[n];
    if (Quotas::is_free(to.maildir, copies_[n].path)) continue;
    auto use = shelf_.quotas.add(to.maildir, to.quota, copies_[n].octets);
    // A mailbox has no figure written down before its first look, which may have been at nothing.
    if (!use && percent != 0 && to.quota.any()) {
      const auto counted = shelf_.quotas.use(to.maildir, to.quota, request_.arrived);
      if (counted) use = *counted;
    }
    if (!use || percent == 0 || !mail::reaches(*use, to.quota, percent)) continue;
    const mail::QuotaUse before{use->octets - std::min(use->octets, copies_[n].octets),
                                use->messages - std::min<std::uint64_t>(use->messages, 1)};
    if (!mail::reaches(before, to.quota, percent)) stored.nearly_full.push_back(copies_[n].which);
  }
}

Result<void> Draft::try_place(std::size_t n) {
  GP_CHECK(hold(n));
  GP_CHECK(shelf_.files.may_change(copies_[n].lease->tmp.get()));
  GP_CHECK(shelf_.files.may_change(copies_[n].lease->fresh.folder.get()));
  let_go(n);
  return {};
}

// Before anything is written, so that the text goes into the queue from its first octet: one
// member's broken mailbox must not keep the mail of all others.
Result<void> Draft::find_places() {
  if (std::exchange(placed_, true)) return {};
  std::vector<mail::Recipient>& queued = request_.envelope.recipients;
  const bool has_queued = !queued.empty();
  const bool alone = copies_.size() <= 1 && !has_queued;
  if (!shelf_.index || (alone && !request_.may_wait_alone)) return {};
  std::vector<Copy> copies;
  std::vector<LocalCopy> local;
  std::optional<Error> last;
  for (std::size_t n = 0; n < copies_.size(); ++n) {
    LocalCopy& to = request_.local[n];
    auto there = to.later ? try_place(n) : Result<void>();
    if (there) {
      copies.push_back(std::move(copies_[n]));
      local.push_back(std::move(to));
      continue;
    }
    last = std::move(there).error();
    if (!is_its_own(last->system)) return *std::move(last);
    put_off_.push_back({to.maildir, to.folder, last->detail});
    const auto same = [&to](const auto& one) { return one.mailbox == to.later->mailbox; };
    if (std::none_of(queued.begin(), queued.end(), same)) queued.push_back(*std::move(to.later));
  }
  copies_ = std::move(copies);
  request_.local = std::move(local);
  const bool nobody = copies_.empty() && !has_queued;
  if (nobody && last && !request_.may_wait_alone) return *std::move(last);
  return {};
}

void Draft::let_go(std::size_t n) {
  if (n >= kMostHeld) copies_[n].lease.release();
}

Result<void> Draft::write_first(bool last) {
  Copy& copy = copies_.front();
  GP_CHECK(hold(0));
  std::string top;
  if (!first_) {
    top = header(is_shared() ? nullptr : &request_.local.front());
    first_header_ = top.size();
    copy.name = make_name();
    GP_TRY(first_, create_copy(copy));
  }
  const std::array<std::string_view, 2> parts = {top, buffer};
  GP_CHECK(shelf_.files.write(first_.get(), parts));
  if (!last) return {};
  GP_CHECK(shelf_.files.sync(first_.get()));
  octets_ = first_header_ + body_.octets;
  // The header again only when it was written long ago: its lines count too.
  Tally all = body_;
  all.add(top.empty() ? header(is_shared() ? nullptr : &request_.local.front()) : top);
  copy.octets = all.octets;
  copy.info = format(",S={},W={}", all.octets, all.octets + all.lines);
  return {};
}

Result<void> Draft::write_queued(bool last) {
  std::string_view top;
  if (!queued_) {
    top = request_.received;
    GP_TRY(queued_, shelf_.texts.create(request_.id));
    has_text_ = true;
    begun_ = true;
    ++stores_;
  }
  std::string trailer;
  if (last) {
    item_.id = request_.id;
    const bool dated = request_.waits_since != Moment{};
    item_.arrived = dated ? request_.waits_since : request_.arrived;
    item_.octets = request_.received.size() + body_.octets;
    item_.sender = request_.envelope.sender;
    item_.options = request_.envelope.options;
    item_.login = request_.login;
    item_.hold = request_.hold;
    item_.hold_of_login = request_.hold;
    for (const mail::Recipient& each : request_.envelope.recipients) {
      item_.destinations.push_back({each, queue::State::Waiting, {}});
    }
    trailer = queue::format_trailer(item_);
  }
  const std::array<std::string_view, 3> parts = {top, buffer, trailer};
  GP_CHECK(shelf_.files.write(queued_.get(), parts));
  if (!last) return {};
  GP_CHECK(shelf_.files.sync(queued_.get()));
  queued_.close();
  if (octets_ == 0) octets_ = item_.octets;
  return shelf_.texts.sync_names();
}

Result<void> Draft::write_others() {
  for (std::size_t n = 1; n < copies_.size(); ++n) {
    GP_CHECK(hold(n));
    copies_[n].name = make_name();
    auto linked = is_shared() ? link_copy(n) : Result<void>(Error{Cause::Permanent, {}, EXDEV});
    if (!linked) {
      if (!cannot_link(linked.error().system)) return linked;
      GP_CHECK(write_copy(n));
    }
    let_go(n);
  }
  return {};
}

Result<void> Draft::link_copy(std::size_t n) {
  Copy& copy = copies_[n];
  GP_CHECK(shelf_.files.link(copies_.front().lease->tmp.get(), copies_.front().name,
                             copy.lease->tmp.get(), copy.name));
  copy.place = Place::Tmp;
  copy.info = copies_.front().info;
  copy.octets = copies_.front().octets;
  return {};
}

Result<void> Draft::write_copy(std::size_t n) {
  Copy& copy = copies_[n];
  GP_TRY(const Descriptor file, create_copy(copy));
  // A text of its own tells no other recipient anything, so it names this one.
  const std::string top = header(&request_.local[n]);
  Tally all = body_;
  all.add(top);
  copy.octets = all.octets;
  copy.info = format(",S={},W={}", all.octets, all.octets + all.lines);
  if (written_ == 0) {
    const std::array<std::string_view, 2> parts = {top, buffer};
    GP_CHECK(shelf_.files.write(file.get(), parts));
  } else {
    const std::array<std::string_view, 1> parts = {top};
    GP_CHECK(shelf_.files.write(file.get(), parts));
    GP_CHECK(copy_body(file.get()));
  }
  return shelf_.files.sync(file.get());
}

Result<void> Draft::copy_body(int to) {
  std::string piece(limits::kTextBuffer, '\0');
  std::uint64_t done = 0;
  while (done < body_.octets) {
    const auto want = std::min<std::uint64_t>(piece.size(), body_.octets - done);
    const std::span<char> room(piece.data(), static_cast<std::size_t>(want));
    GP_TRY(const auto got, shelf_.files.read(first_.get(), first_header_ + done, room));
    if (got == 0) return Error{Cause::Temporary, "a text became shorter while copied", EIO};
    const std::array<std::string_view, 1> parts = {std::string_view(piece).substr(0, got)};
    GP_CHECK(shelf_.files.write(to, parts));
    done += got;
  }
  return {};
}

Result<void> Draft::insert_row() {
  if (request_.envelope.recipients.empty()) return {};
  GP_CHECK(shelf_.index->insert(item_));
  has_row_ = true;
  return {};
}

Result<void> Draft::show() {
  for (std::size_t n = 0; n < copies_.size(); ++n) {
    Copy& copy = copies_[n];
    GP_CHECK(hold(n));
    // Before the call: after a failed one it may be either.
    copy.place = Place::New;
    GP_CHECK(shelf_.files.rename(copy.lease->tmp.get(), copy.name, copy.lease->fresh.folder.get(),
                                 copy.name + copy.info));
    let_go(n);
  }
  // Not only the file before it: the name itself can be lost to a power cut, and a 250
  // without a name is a lost message.
  for (std::size_t n = 0; n < copies_.size(); ++n) {
    GP_CHECK(hold(n));
    GP_CHECK(copies_[n].lease->fresh.sync(shelf_.files));
    copies_[n].lease.release();
  }
  return {};
}

void Draft::undo() {
  if (!begun_) return;
  begun_ = false;
  first_.close();
  queued_.close();
  for (std::size_t n = 0; n < copies_.size(); ++n) {
    Copy& copy = copies_[n];
    if (copy.place == Place::Nowhere || !hold(n)) continue;
    static_cast<void>(shelf_.files.unlink(copy.lease->tmp.get(), copy.name));
    if (copy.place == Place::New) {
      const int fresh = copy.lease->fresh.folder.get();
      static_cast<void>(shelf_.files.unlink(fresh, copy.name + copy.info));
    }
    copy.lease.release();
  }
  // A row that stays needs its text: better a message twice than a row without one.
  if (has_row_) {
    static_cast<void>(shelf_.take_out({&request_.id, 1}));
  } else if (has_text_) {
    static_cast<void>(shelf_.texts.remove(request_.id));
  }
}

}  // namespace gatepost::storage
