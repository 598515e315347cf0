// SPDX-License-Identifier: Apache-2.0
// server: takes in what local programs left in the maildrop.
#include "server/pickup.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "log/events.h"

namespace gatepost::server {
namespace {

/// Messages of one round; the next one begins with the next tick.
constexpr std::size_t kRound = 1000;
constexpr std::size_t kMostListed = 100'000;
constexpr Duration kRetry{60'000};
/// A folder's time of change has the kernel's tick for a resolution: a name that comes within it
/// does not show, so a folder that changed just now is looked at once more.
constexpr auto kFresh = std::chrono::seconds(2);

}  // namespace

/// The text of a drop, read piece by piece on the clerk's threads.
class Pickup::Text final : public TextSource {
 public:
  Text(storage::Clerk& clerk, storage::Files& files, const storage::Drop& drop)
      : clerk_(clerk), files_(files), file_(drop.file.get()), left_(drop.item.octets) {}

  Task<Result<std::string_view>> read() override {
    const auto want = std::min<std::uint64_t>(limits::kTextBuffer, left_);
    piece_.resize(static_cast<std::size_t>(want));
    if (want == 0) {
      if (last_ != '\n') co_return broken("its text is not whole lines");
      co_return std::string_view();
    }
    const auto job = [this] { return files_.read(file_, at_, std::span(piece_)); };
    Result<std::size_t> got = co_await clerk_.run(job);
    if (!got) co_return std::move(got).error();
    if (*got != want) co_return broken("it became shorter while it was read");
    if (piece_.find('\0') != piece_.npos || piece_.find('\r') != piece_.npos) {
      co_return broken("its text is not as sendmail writes it");
    }
    at_ += want;
    left_ -= want;
    last_ = piece_.back();
    co_return std::string_view(piece_);
  }

 private:
  static Error broken(const char* what) { return Error{Cause::Permanent, what, 0}; }

  storage::Clerk& clerk_;
  storage::Files& files_;
  int file_;
  std::uint64_t at_ = 0;
  std::uint64_t left_;
  char last_ = '\n';
  std::string piece_;
};

Pickup::Pickup(Parts parts, storage::Files& files, std::string folder)
    : parts_(parts), files_(files), maildrop_(files, folder), folder_(std::move(folder)) {}

void Pickup::configure(std::shared_ptr<const Profile> profile,
                       std::shared_ptr<Submitters> submitters) {
  profile_ = std::move(profile);
  submitters_ = std::move(submitters);
}

void Pickup::look() {
  if (busy_ || closed_ || !profile_) return;
  const Result<Moment> changed = maildrop_.changed();
  if (!changed) {
    // Told once, not each second.
    if (told_ != changed.error().detail) {
      told_ = changed.error().detail;
      parts_.floor.log.emit(log::MaildropProblem{folder_, told_});
    }
    return;
  }
  told_.clear();
  const bool news = *changed != seen_ || !ready_.empty();
  if (!news && parts_.floor.clocks.instant() < next_) return;
  const Moment now = parts_.floor.clocks.moment();
  const auto age = now - *changed;
  // A clock that was set back makes every folder a fresh one; that costs a listing a second.
  seen_ = (age < kFresh) ? Moment{} : *changed;
  busy_ = true;
  parts_.tasks.spawn("pickup", round());
}

Task<void> Pickup::round() {
  co_await list();
  std::size_t taken = 0;
  while (!ready_.empty() && taken < kRound && !closed_) {
    std::string name = std::move(ready_.back());
    ready_.pop_back();
    ++taken;
    const Taken outcome = co_await take(std::move(name));
    // Where the disk is full, the others can only fail as well.
    if (outcome == Taken::NoRoom) ready_.clear();
  }
  const Instant now = parts_.floor.clocks.instant();
  next_ = waiting_.empty() ? now + std::chrono::hours(1) : now + kRetry;
  busy_ = false;
}

Task<void> Pickup::list() {
  const Moment now = parts_.floor.clocks.moment();
  std::vector<std::string> strange;
  const auto job = [this, now, &strange] { return maildrop_.list(kMostListed, now, strange); };
  Result<std::vector<std::string>> found = co_await parts_.clerk.run(job);
  for (const std::string& name : strange) {
    parts_.floor.log.emit(log::MaildropProblem{name, "set aside: no file of sendmail"});
  }
  if (!found) {
    parts_.floor.log.emit(log::MaildropProblem{folder_, found.error().detail});
    co_return;
  }
  const Instant instant = parts_.floor.clocks.instant();
  std::map<std::string, Instant, std::less<>> waiting;
  ready_.clear();
  // Taken from the back: whose turn is first stands last.
  for (auto name = found->rbegin(); name != found->rend(); ++name) {
    const auto known = waiting_.find(*name);
    if (known != waiting_.end()) waiting.insert(*known);
    if (known == waiting_.end() || known->second <= instant) ready_.push_back(std::move(*name));
  }
  waiting_ = std::move(waiting);
}

Task<Pickup::Taken> Pickup::take(std::string name) {
  const auto job = [this, &name] { return maildrop_.open(name); };
  Result<storage::Drop> drop = co_await parts_.clerk.run(job);
  if (!drop) {
    // Its writer took it back, or the owner of the machine did.
    if (drop.error().system == ENOENT) co_return Taken::Yes;
    if (drop.error().cause == Cause::Permanent) {
      co_await set_aside(std::move(name), drop.error().detail);
      co_return Taken::Yes;
    }
    wait(name, drop.error().detail);
    co_return Taken::Later;
  }
  const Result<bool> allowed = submitters_->may_submit(drop->uid);
  if (!allowed) {
    wait(name, allowed.error().detail);
    co_return Taken::Later;
  }
  if (!*allowed) {
    co_await set_aside(std::move(name), "authorized_submit_users keeps its user out");
    co_return Taken::Yes;
  }
  // Of what is too large only a report is stored. The size is the file's, which costs its user
  // nothing: a sparse file may claim more than any disk has.
  const std::uint64_t limit = profile_->of(Service::Smtp).session.message_size_limit;
  const bool too_large = limit > 0 && drop->item.octets > limit;
  if (!has_room(too_large ? 0 : drop->item.octets)) {
    wait(name, "not enough free space");
    co_return has_room(0) ? Taken::Later : Taken::NoRoom;
  }
  const Taken taken = co_await inject(*std::move(drop));
  co_return taken;
}

Task<Pickup::Taken> Pickup::inject(storage::Drop drop) {
  Text text(parts_.clerk, files_, drop);
  Injection injection;
  injection.envelope.sender = std::move(drop.item.sender);
  injection.envelope.options = std::move(drop.item.options);
  for (queue::Destination& each : drop.item.destinations) {
    // Whoever wrote this file cannot know of another name.
    each.recipient.given = {};
    injection.envelope.recipients.push_back(std::move(each.recipient));
  }
  injection.source = &text;
  injection.uid = drop.uid;
  injection.service = "pickup";
  injection.arrived = drop.item.arrived;
  Result<std::string> id = co_await parts_.injector.inject(std::move(injection));
  if (!id) {
    if (id.error().cause == Cause::Permanent) {
      co_await set_aside(drop.name, id.error().detail);
      co_return Taken::Yes;
    }
    wait(drop.name, id.error().detail);
    const int number = id.error().system;
    const bool full = number == ENOSPC || number == EDQUOT;
    // Where the reserve is there again, this one alone was too large for the disk.
    co_return (full && !has_room(0)) ? Taken::NoRoom : Taken::Later;
  }
  waiting_.erase(drop.name);
  const auto job = [this, &drop] { return maildrop_.remove(drop.name); };
  const Result<void> removed = co_await parts_.clerk.run(job);
  // A file that stays is a message that comes again and again: it must not be seen any more.
  if (!removed) co_await set_aside(drop.name, removed.error().detail);
  co_return Taken::Yes;
}

Task<void> Pickup::set_aside(std::string name, std::string why) {
  const auto job = [this, &name] { return maildrop_.set_aside(name); };
  const Result<void> done = co_await parts_.clerk.run(job);
  if (done) {
    waiting_.erase(name);
    parts_.floor.log.emit(log::MaildropProblem{name, "set aside: " + why});
    co_return;
  }
  wait(name, why);
}

void Pickup::wait(const std::string& name, std::string_view why) {
  const Instant until = parts_.floor.clocks.instant() + kRetry;
  const bool known = !waiting_.insert_or_assign(name, until).second;
  if (!known) parts_.floor.log.emit(log::MaildropProblem{name, why});
}

bool Pickup::has_room(std::uint64_t octets) const {
  const std::uint64_t wanted = std::max(octets + octets / 2, profile_->queue_minfree);
  for (const std::string& place : {profile_->queue_directory, profile_->mail_root}) {
    const Result<storage::Space> space = parts_.floor.store.space(place);
    if (!space) continue;  // What cannot be asked may still be written to.
    if (space->octets_free < wanted) return false;
    if (space->counts_inodes && space->inodes_free < 16) return false;
  }
  return true;
}

}  // namespace gatepost::server
