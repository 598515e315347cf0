// SPDX-License-Identifier: Apache-2.0
// app: what is remembered of logins, and what happens when one is held and let go.
#include "app/login_keeper.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include "app/key_file.h"
#include "app/wiring.h"
#include "base/format.h"
#include "base/text.h"
#include "control/human.h"
#include "control/json.h"
#include "log/events.h"
#include "mail/header_fixer.h"
#include "mail/trace.h"
#include "system/read_file.h"
#include "system/write_file.h"

namespace gatepost::app {
namespace {

constexpr std::size_t kHeldFile = 1024 * 1024;
/// All of them: what is left out would stay for good.
constexpr std::size_t kMostItems = std::numeric_limits<std::size_t>::max();
constexpr Duration kTellAgain{60'000};

/// What a person put on hold is not the login's to let go or to delete.
bool is_held_for(const queue::Item& item, std::string_view login) {
  return item.hold && item.hold_of_login && iequals(item.login, login);
}

}  // namespace

/// One release at a time, so that no message is sent twice.
class LoginKeeper::Turn {
 public:
  explicit Turn(LoginKeeper& keeper) : keeper_(keeper) { keeper_.releasing_ = true; }
  ~Turn() { keeper_.releasing_ = false; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  LoginKeeper& keeper_;
};

LoginKeeper::LoginKeeper(const Parts& parts)
    : logins_(parts.logins),
      floor_(parts.floor),
      clerk_(parts.clerk),
      tasks_(parts.tasks),
      injector_(parts.injector),
      written_(std::make_shared<storage::Guarded<std::uint64_t>>(0U)) {
  logins_.watch = this;
}

LoginKeeper::~LoginKeeper() {
  logins_.watch = nullptr;
  logins_.directory.reset();
}

void LoginKeeper::open(const std::string& state_directory) {
  held_file_ = state_directory + "/held-logins";
  if (const auto text = system::read_file(held_file_, kHeldFile)) logins_.limits.restore(*text);
  if (!held().empty()) tasks_.spawn("login count", count_held());
  // Without the file unknown users get other salts after a restart, which is all that is lost.
  key_ = open_key_file(state_directory + "/login.key", floor_.log);
}

void LoginKeeper::configure(const config::Settings& settings,
                            const std::shared_ptr<const server::Profile>& profile,
                            SettingsDirectory& directory) {
  profile_ = profile;
  logins_.directory = profile->directory;
  logins_.throttle.configure(make_throttle_settings(settings));
  logins_.limits.configure(make_login_limits(settings));
  if (!key_.empty()) directory.use_login_key(key_.copy());
}

/// What was kept of held logins before this start counts for what may be.
Task<void> LoginKeeper::count_held() {
  const Result<std::vector<queue::Item>> items = co_await floor_.store.list(kMostItems);
  if (!items) {
    floor_.log.emit(log::StorageFailed{"", "queue", items.error().detail});
    co_return;
  }
  for (const queue::Item& item : *items) {
    if (is_held_for(item, item.login)) logins_.limits.note_held(item.login, item.octets);
  }
}

void LoginKeeper::login_held(const policy::LoginLimits::Held& held) {
  keep();
  tasks_.spawn("login hold", hold_waiting(held.login));
  untold_.push_back(held);
  if (!telling_) tasks_.spawn("login notice", tell_postmaster());
}

void LoginKeeper::verdict_changed(std::string_view login) {
  if (logins_.limits.find_held(login) != nullptr) {
    tasks_.spawn("login hold", hold_waiting(std::string(login)));
    return;
  }
  late_.emplace_back(login);
  if (!releasing_) tasks_.spawn("login release", send_late());
}

void LoginKeeper::keep() {
  // The clerk has many threads: what is older must not come last.
  clerk_.leave(
      [path = held_file_, text = logins_.limits.text(), written = written_, state = ++state_] {
        written->with([&](std::uint64_t& newest) {
          if (state <= newest) return;
          newest = state;
          // A hold that is forgotten by a crash trips again.
          [[maybe_unused]] const Result<void> done = system::write_file(path, text);
        });
      });
}

// What is being delivered at this moment goes; all else of the login stays.
Task<void> LoginKeeper::hold_waiting(std::string login) {
  Result<std::vector<queue::Item>> items = co_await floor_.store.list(kMostItems);
  if (!items || logins_.limits.find_held(login) == nullptr) co_return;
  std::vector<std::string> ids;
  for (const queue::Item& item : *items) {
    if (!item.hold && iequals(item.login, login)) ids.push_back(item.id);
  }
  if (ids.empty()) co_return;
  queue::Change change;
  change.hold = true;
  change.hold_of_login = true;
  Result<std::size_t> changed = co_await floor_.store.update(std::move(ids), std::move(change));
  if (!changed) floor_.log.emit(log::StorageFailed{"", "hold", changed.error().detail});
}

server::Injection LoginKeeper::make_notice(const policy::LoginLimits::Held& held) {
  const Moment now = floor_.clocks.moment();
  mail::Zone zone;
  zone.minutes = floor_.clocks.utc_offset_minutes(now);
  if (zone.minutes != 0) zone.name = {};
  server::Injection notice;
  mail::Recipient postmaster;
  postmaster.mailbox.local = "postmaster";
  notice.envelope.recipients.push_back(std::move(postmaster));
  notice.text = format(
      "From: Mail Delivery System <MAILER-DAEMON@{0}>\nTo: postmaster@{3}\n"
      "Subject: Mail of {1} is on hold\nDate: {4}\nMessage-ID: {5}\n"
      "Auto-Submitted: auto-generated\n\n"
      "The login {1} sent more than it may: {2}.\n\n"
      "What it sends is accepted and kept on hold, as it may be that its password was stolen,\n"
      "and what of its mail still waited is on hold too. See it with \"gatepost queue\". If it is\n"
      "not what the user wrote, change the password and delete it with\n\n"
      "    gatepost login discard {1}\n\n"
      "Then, or if all is well, let the login go with\n\n"
      "    gatepost login release {1}\n\n"
      "which also sends what is still on hold.\n",
      profile_->hostname, held.login, held.reason, profile_->myorigin, mail::format_date(now, zone),
      mail::make_message_id(now, floor_.ids.next(now), profile_->hostname));
  return notice;
}

Task<void> LoginKeeper::tell_postmaster() {
  telling_ = true;
  while (!untold_.empty()) {
    server::Injection notice = make_notice(untold_.front());
    Result<std::string> id = co_await injector_.inject(std::move(notice));
    if (!id) floor_.log.emit(log::StorageFailed{"", "notice to postmaster", id.error().detail});
    if (!id && id.error().cause != Cause::Permanent) {
      const Instant until = floor_.clocks.instant() + kTellAgain;
      net::Waiter& waiter = *this;
      again_.emplace(floor_.deadlines, until, waiter);
      break;
    }
    untold_.erase(untold_.begin());
  }
  telling_ = false;
}

void LoginKeeper::time_is_up() {
  again_->spent();
  again_.reset();
  if (!telling_) tasks_.spawn("login notice", tell_postmaster());
}

std::string LoginKeeper::list(bool json) const {
  std::string out;
  for (const policy::LoginLimits::Held& one : held()) {
    if (!json) {
      append_format(out, "{} since {}: {}\n", one.login, mail::format_date(one.since, {}),
                    one.reason);
      continue;
    }
    control::JsonDocument document;
    const auto root = document.object();
    document.put(root, "login", one.login);
    document.put(root, "since", control::format_utc(one.since));
    document.put(root, "reason", one.reason);
    out += document.write(root);
  }
  return out.empty() && !json ? "no login is held\n" : out;
}

Task<Result<std::string>> LoginKeeper::perform(std::vector<std::string> words, bool json) {
  if (words.size() == 1 && words[0] == "list") co_return list(json);
  if (words.size() == 2 && words[0] == "release") {
    Result<std::string> told = co_await release(std::move(words[1]));
    co_return told;
  }
  if (words.size() == 2 && words[0] == "discard") {
    Result<std::string> told = co_await discard(std::move(words[1]));
    co_return told;
  }
  co_return Error{Cause::Permanent,
                  "expected: login list, login release NAME, or login discard NAME"};
}

Task<Result<std::string>> LoginKeeper::release(std::string login) {
  if (releasing_) co_return Error{Cause::Temporary, "another release is under way"};
  const Turn turn(*this);
  const bool held = logins_.limits.release(login);
  if (held) keep();
  const Released done = co_await send_held(login);
  while (!late_.empty()) {
    std::string next = std::move(late_.back());
    late_.pop_back();
    const Released more = co_await send_held(std::move(next));
    if (more.failed > 0) floor_.log.emit(log::StorageFailed{"", "release", more.reason});
  }
  if (!held && done.sent + done.failed == 0) {
    co_return Error{Cause::Permanent, "the login " + login + " is not held", ESRCH};
  }
  std::string told =
      format("released {} with {}", login, control::format_count(done.sent, "message", "messages"));
  if (done.failed == 0) co_return told;
  append_format(told, "; {} still on hold ({}): try again, or delete with login discard {}",
                control::format_count(done.failed, "message is", "messages are"), done.reason,
                login);
  co_return Error{Cause::Temporary, std::move(told)};
}

Task<void> LoginKeeper::send_late() {
  const Turn turn(*this);
  while (!late_.empty()) {
    std::string login = std::move(late_.back());
    late_.pop_back();
    if (logins_.limits.find_held(login) != nullptr) continue;
    const Released done = co_await send_held(std::move(login));
    if (done.failed > 0) floor_.log.emit(log::StorageFailed{"", "release", done.reason});
  }
  floor_.wake_queue();
}

// The queue sends it: mail for our own users too, which it lets in by the front door. So nothing is
// taken twice, whoever else releases it meanwhile and wherever a crash comes between.
Task<LoginKeeper::Released> LoginKeeper::send_held(std::string login) {
  Released done;
  const auto fail = [&done](std::size_t count, Error error) {
    if (done.failed == 0) done.reason = std::move(error).detail;
    done.failed += count;
  };
  Result<std::vector<queue::Item>> items = co_await floor_.store.list(kMostItems);
  if (!items) {
    fail(1, std::move(items).error());
    co_return done;
  }
  std::vector<std::string> ids;
  for (const queue::Item& item : *items) {
    if (is_held_for(item, login)) ids.push_back(item.id);
  }
  if (ids.empty()) co_return done;
  const std::size_t count = ids.size();
  queue::Change change;
  change.hold = false;
  change.next = Moment{};
  Result<std::size_t> changed = co_await floor_.store.update(std::move(ids), std::move(change));
  if (changed) {
    done.sent += *changed;
    floor_.wake_queue();
  } else {
    fail(count, std::move(changed).error());
  }
  co_return done;
}

Task<Result<std::string>> LoginKeeper::discard(std::string login) {
  if (releasing_) co_return Error{Cause::Temporary, "a release is under way"};
  const Turn turn(*this);
  Result<std::vector<queue::Item>> items = co_await floor_.store.list(kMostItems);
  if (!items) co_return std::move(items).error();
  std::vector<std::string> ids;
  for (const queue::Item& item : *items) {
    if (is_held_for(item, login)) ids.push_back(item.id);
  }
  logins_.limits.forget_held(login);
  if (ids.empty())
    co_return Error{Cause::Permanent, "no message of " + login + " is on hold", ESRCH};
  Result<std::size_t> erased = co_await floor_.store.erase_all(std::move(ids));
  if (!erased) co_return std::move(erased).error();
  co_return format("deleted {} of {}", control::format_count(*erased, "message", "messages"),
                   login);
}

}  // namespace gatepost::app
