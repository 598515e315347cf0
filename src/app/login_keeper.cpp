// SPDX-License-Identifier: Apache-2.0
// app: what is remembered of logins, and what happens when one is held and let go.
#include "app/login_keeper.h"

#include <algorithm>
#include <array>
#include <utility>

#include "app/wiring.h"
#include "base/format.h"
#include "base/text.h"
#include "log/events.h"
#include "mail/trace.h"
#include "system/random.h"
#include "system/read_file.h"
#include "system/write_file.h"

namespace gatepost::app {
namespace {

constexpr std::size_t kKey = 32;
constexpr std::size_t kHeldFile = 1024 * 1024;
constexpr std::size_t kMostItems = 100'000;
constexpr std::size_t kPiece = 64 * 1024;

/// The text of an item of the queue.
class QueuedText final : public server::TextSource {
 public:
  QueuedText(storage::MailStore& store, std::string id) : store_(store), id_(std::move(id)) {}

  Task<Result<std::string_view>> read() override {
    Result<std::string> piece = co_await store_.read_text(id_, offset_, kPiece);
    if (!piece) co_return std::move(piece).error();
    piece_ = *std::move(piece);
    offset_ += piece_.size();
    co_return std::string_view(piece_);
  }

 private:
  storage::MailStore& store_;
  std::string id_;
  std::string piece_;
  std::uint64_t offset_ = 0;
};

}  // namespace

LoginKeeper::LoginKeeper(const Parts& parts)
    : logins_(parts.logins),
      floor_(parts.floor),
      clerk_(parts.clerk),
      tasks_(parts.tasks),
      injector_(parts.injector) {
  logins_.watch = this;
}

LoginKeeper::~LoginKeeper() {
  logins_.watch = nullptr;
}

void LoginKeeper::open(const std::string& state_directory) {
  held_file_ = state_directory + "/held-logins";
  if (const auto text = system::read_file(held_file_, kHeldFile)) logins_.limits.restore(*text);
  const std::string path = state_directory + "/login.key";
  auto key = system::read_file(path, kKey);
  if (key && key->size() == kKey) {
    key_ = Secret(*std::move(key));
    return;
  }
  std::array<std::uint8_t, kKey> random{};
  if (!system::fill_random(random)) return;
  key_ = Secret(std::string(random.begin(), random.end()));
  const Result<void> written = system::write_file(path, key_.reveal());
  // Without the file unknown users get other salts after a restart, which is all that is lost.
  if (!written) floor_.log.emit(log::ConfigNote{written.error().detail});
}

void LoginKeeper::configure(const config::Settings& settings,
                            const std::shared_ptr<const server::Profile>& profile,
                            SettingsDirectory& directory) {
  profile_ = profile;
  logins_.throttle.configure(make_throttle_settings(settings));
  logins_.limits.configure(make_login_limits(settings));
  if (!key_.empty()) directory.use_login_key(key_.copy());
}

void LoginKeeper::login_held(const policy::LoginLimits::Held& held) {
  keep();
  tasks_.spawn("login notice", tell_postmaster(held));
}

void LoginKeeper::keep() {
  clerk_.leave([path = held_file_, text = logins_.limits.text()] {
    // A hold that is forgotten by a crash trips again.
    [[maybe_unused]] const Result<void> written = system::write_file(path, text);
  });
}

Task<void> LoginKeeper::tell_postmaster(policy::LoginLimits::Held held) {
  server::Injection notice;
  mail::Recipient postmaster;
  postmaster.mailbox.local = "postmaster";
  notice.envelope.recipients.push_back(std::move(postmaster));
  notice.text = format(
      "From: Mail Delivery System <MAILER-DAEMON@{0}>\nTo: postmaster\n"
      "Subject: Mail of {1} is on hold\nAuto-Submitted: auto-generated\n\n"
      "The login {1} sent more than it may: {2}.\n\n"
      "What it sends is accepted and kept on hold, as it may be that its password was stolen.\n"
      "See what waits with \"gatepost queue\". If it is not what the user wrote, change the\n"
      "password and delete those messages. Then, or if all is well, let the login go with\n\n"
      "    gatepost login release {1}\n\n"
      "which also sends what is still on hold.\n",
      profile_->hostname, held.login, held.reason);
  Result<std::string> id = co_await injector_.inject(std::move(notice));
  if (!id) floor_.log.emit(log::StorageFailed{"", "notice to postmaster", id.error().detail});
}

bool LoginKeeper::is_ours(const queue::Item& item) const {
  return std::any_of(item.destinations.begin(), item.destinations.end(), [this](const auto& one) {
    const auto found = profile_->directory->domain_class(one.recipient.mailbox.domain);
    return found && *found != policy::DomainClass::Other && *found != policy::DomainClass::Relay;
  });
}

Task<Result<void>> LoginKeeper::send_again(queue::Item item) {
  QueuedText text(floor_.store, item.id);
  server::Injection injection;
  injection.envelope.sender = item.sender;
  injection.envelope.options = item.options;
  for (const queue::Destination& one : item.destinations) {
    injection.envelope.recipients.push_back(one.recipient);
  }
  injection.source = &text;
  injection.service = "release";
  Result<std::string> taken = co_await injector_.inject(std::move(injection));
  if (!taken) co_return std::move(taken).error();
  co_return co_await floor_.store.erase(item.id);
}

Task<Result<std::string>> LoginKeeper::perform(std::vector<std::string> words) {
  if (words.size() == 1 && words[0] == "list") {
    std::string out;
    for (const policy::LoginLimits::Held& one : held()) {
      append_format(out, "{}{} since {}: {}", out.empty() ? "" : "\n", one.login,
                    mail::format_date(one.since, {}), one.reason);
    }
    co_return out.empty() ? std::string("no login is held") : out;
  }
  if (words.size() != 2 || words[0] != "release") {
    co_return Error{Cause::Permanent, "expected: login list, or login release NAME"};
  }
  Result<std::size_t> count = co_await release(words[1]);
  if (!count) co_return std::move(count).error();
  co_return format("released {} with {} message{}", words[1], *count, *count == 1 ? "" : "s");
}

Task<Result<std::size_t>> LoginKeeper::release(std::string login) {
  if (!logins_.limits.release(login)) {
    co_return Error{Cause::Permanent, "the login " + login + " is not held"};
  }
  keep();
  Result<std::vector<queue::Item>> items = co_await floor_.store.list(kMostItems);
  if (!items) co_return std::move(items).error();
  std::vector<std::string> ids;
  std::size_t sent = 0;
  for (queue::Item& item : *items) {
    if (!item.hold || !iequals(item.login, login)) continue;
    if (!is_ours(item)) {
      ids.push_back(item.id);
      continue;
    }
    // Mail for our own users was not looked at when it was held; it comes in now.
    Result<void> again = co_await send_again(std::move(item));
    if (!again) co_return std::move(again).error();
    ++sent;
  }
  if (ids.empty()) co_return sent;
  queue::Change change;
  change.hold = false;
  Result<std::size_t> changed = co_await floor_.store.update(std::move(ids), std::move(change));
  if (!changed) co_return std::move(changed).error();
  co_return sent + *changed;
}

}  // namespace gatepost::app
