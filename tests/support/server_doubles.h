// SPDX-License-Identifier: Apache-2.0
// support: doubles made of maps for the server room: a store in memory, a directory, a log.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "log/log.h"
#include "policy/recipient.h"
#include "server/directory.h"
#include "server/floor.h"
#include "storage/mail_store.h"

namespace gatepost::test {

/// What a message became.
struct Kept {
  storage::IntakeRequest request;
  std::string text;
};

/// Keeps promised messages; fails on request.
class MemoryStore final : public storage::MailStore {
 public:
  std::vector<Kept> kept;
  std::size_t dropped = 0;                    ///< Intakes destroyed without a promise.
  std::optional<Error> drain_error;           ///< The next drain() fails with it.
  std::optional<Error> promise_error;         ///< The next promise() fails with it.
  std::optional<Error> second_promise_error;  ///< The one after it, when that goes well.
  bool warns = false;                         ///< Copies with a limit come close to it.
  std::uint64_t octets_free = 1ULL << 40;
  std::uint64_t full_at = 64 * 1024;

  Task<Result<void>> open() override { co_return Result<void>(); }
  void set_hostname(std::string_view) override {}
  std::unique_ptr<storage::Intake> begin(storage::IntakeRequest request) override {
    return std::make_unique<MemoryIntake>(*this, std::move(request));
  }
  std::vector<queue::Item> items;            ///< The queue; what is kept does not come into it.
  std::map<std::string, std::string> texts;  ///< Of items, by id.

  Task<Result<std::vector<queue::Item>>> list(std::size_t) override { co_return items; }
  Task<Result<void>> erase(std::string id) override {
    std::vector<std::string> ids;
    ids.push_back(std::move(id));
    const auto erased = co_await erase_all(std::move(ids));
    co_return erased ? Result<void>() : Result<void>(erased.error());
  }
  Task<Result<std::size_t>> erase_all(std::vector<std::string> ids) override {
    co_return std::erase_if(items, [&ids](const queue::Item& item) {
      return std::find(ids.begin(), ids.end(), item.id) != ids.end();
    });
  }
  Task<Result<std::vector<queue::Item>>> due(Moment now, std::size_t most) override {
    std::vector<queue::Item> out;
    for (const queue::Item& item : items) {
      if (!item.hold && item.next <= now && out.size() < most) out.push_back(item);
    }
    co_return out;
  }
  Task<Result<std::optional<queue::Item>>> find(std::string id) override {
    for (const queue::Item& item : items) {
      if (item.id == id) co_return std::optional<queue::Item>(item);
    }
    co_return std::optional<queue::Item>();
  }
  Task<Result<std::size_t>> update(std::vector<std::string> ids, queue::Change change) override {
    std::size_t changed = 0;
    for (queue::Item& item : items) {
      if (std::find(ids.begin(), ids.end(), item.id) == ids.end()) continue;
      queue::apply(change, item);
      ++changed;
    }
    co_return changed;
  }
  Task<Result<std::string>> read_text(std::string id,
                                      std::uint64_t offset,
                                      std::size_t most) override {
    const auto found = texts.find(id);
    if (found == texts.end()) co_return Error{Cause::Temporary, id, 2};
    const std::string& text = found->second;
    co_return offset >= text.size() ? std::string()
                                    : text.substr(static_cast<std::size_t>(offset), most);
  }
  std::map<std::string, mail::QuotaUse> uses;  ///< What mailboxes hold, by Maildir.
  Task<Result<mail::QuotaUse>> quota(std::string maildir, mail::QuotaLimits) override {
    co_return uses[maildir];
  }
  std::vector<std::string> take_problems() override { return {}; }
  [[nodiscard]] queue::Totals totals() const override { return {}; }
  [[nodiscard]] Result<storage::Space> space(const std::string&) override {
    return storage::Space{octets_free, 0, false};
  }

 private:
  class MemoryIntake final : public storage::Intake {
   public:
    MemoryIntake(MemoryStore& store, storage::IntakeRequest request) : store_(store) {
      kept_.request = std::move(request);
    }
    ~MemoryIntake() override { store_.dropped += promised_ ? 0 : 1; }
    MemoryIntake(const MemoryIntake&) = delete;
    MemoryIntake& operator=(const MemoryIntake&) = delete;
    void append(std::string_view octets) override {
      kept_.text += octets;
      held_ += octets.size();
    }
    [[nodiscard]] bool full() const override { return held_ >= store_.full_at; }
    Task<Result<void>> drain() override {
      held_ = 0;
      if (store_.drain_error) co_return *std::exchange(store_.drain_error, std::nullopt);
      co_return Result<void>();
    }
    Task<Result<storage::Stored>> promise() override {
      if (store_.promise_error) co_return *std::exchange(store_.promise_error, std::nullopt);
      store_.promise_error = std::exchange(store_.second_promise_error, std::nullopt);
      promised_ = true;
      store_.kept.push_back(kept_);
      storage::Stored stored;
      stored.octets = kept_.text.size();
      stored.queued = !kept_.request.envelope.recipients.empty();
      const auto& local = kept_.request.local;
      for (std::size_t n = 0; store_.warns && n < local.size(); ++n) {
        if (local[n].quota.any()) stored.nearly_full.push_back(n);
      }
      co_return stored;
    }

   private:
    MemoryStore& store_;
    Kept kept_;
    std::uint64_t held_ = 0;
    bool promised_ = false;
  };
};

/// Knows alice and bob @example.com (Local), carol@virtual.example (Virtual), anyone at
/// backup.example (Relay); 127.0.0.0/8 is in mynetworks when `trusts_loopback`.
class MapDirectory final : public server::Directory {
 public:
  std::map<std::string, policy::DomainClass, std::less<>> domains{
      {"example.com", policy::DomainClass::Local},
      {"virtual.example", policy::DomainClass::Virtual},
      {"backup.example", policy::DomainClass::Relay}};
  std::map<std::string, std::string, std::less<>> mailboxes{
      {"alice@example.com", "/mail/alice"},
      {"bob@example.com", "/mail/bob"},
      {"carol@virtual.example", "/mail/carol"}};
  std::map<std::string, server::Resolution, std::less<>> aliases;  ///< Looked at first.
  bool trusts_loopback = false;
  bool unlimited = false;
  bool broken = false;  ///< Every look-up fails for now.

  Result<policy::DomainClass> domain_class(std::string_view domain) override {
    if (broken) return Error{Cause::Temporary, "broken"};
    const auto found = domains.find(domain);
    return found == domains.end() ? policy::DomainClass::Other : found->second;
  }
  Result<server::Resolution> resolve(const mail::Mailbox& address,
                                     policy::DomainClass domain,
                                     const mail::Mailbox&) override {
    server::Resolution out;
    const auto known = aliases.find(address.text());
    if (known != aliases.end()) return known->second;
    if (domain == policy::DomainClass::Other) out.others.push_back(address);
    if (domain == policy::DomainClass::Relay && address.local != "nobody") {
      out.others.push_back(address);
    }
    const auto found = mailboxes.find(address.text());
    if (found != mailboxes.end()) {
      out.mailboxes.push_back(target(found->second, found->first, domain));
    } else if (out.others.empty() && policy::is_postmaster(address)) {
      out.mailboxes.push_back(target("/mail/postmaster", "postmaster@example.com", domain));
    }
    return out;
  }
  static server::Target target(const std::string& maildir,
                               const std::string& address,
                               policy::DomainClass domain) {
    server::Target out;
    out.maildir = maildir;
    out.address = address;
    out.user = address;
    out.domain = domain;
    return out;
  }
  screen::Access access = screen::Access::Dunno;
  bool earning = true;
  screen::Access screen_access(const IpAddress& client) override {
    return trusts_loopback && client.is_loopback() ? screen::Access::Permit : access;
  }
  /// By what it is, to whom and the key.
  std::map<std::tuple<server::Talk, std::size_t, std::string>, std::string> talks;
  std::optional<std::string> find_talk(server::Talk which,
                                       std::size_t audience,
                                       std::string_view key) override {
    const auto found = talks.find({which, audience, std::string(key)});
    if (found == talks.end()) return std::nullopt;
    return found->second;
  }
  bool may_earn(const IpAddress&) override { return earning; }
  bool is_proxy(const IpAddress&) override { return false; }
  std::string shown_list(std::string_view zone) override { return std::string(zone); }
  std::vector<std::string> claimed;  ///< Throw-away addresses, by messages under way.
  std::vector<std::string> used;     ///< Those that got mail.
  std::optional<mail::ThrowawayUse> claim(std::string_view throwaway,
                                          const mail::Mailbox& sender) override {
    claimed.push_back(std::string(throwaway) + " " + sender.text());
    return mail::ThrowawayUse{std::string(throwaway)};
  }
  Task<Result<void>> keep_uses(std::vector<mail::ThrowawayUse> uses) override {
    for (const mail::ThrowawayUse& use : uses) used.push_back(use.address);
    co_return Result<void>();
  }
  void take_back(const mail::ThrowawayUse&) override { claimed.pop_back(); }
  bool in_mynetworks(const IpAddress& client) override {
    return trusts_loopback && client.is_loopback();
  }
  bool is_unlimited(const IpAddress&) override { return unlimited; }
  bool is_never_banned(const IpAddress&) override { return unlimited; }

  std::map<std::string, policy::User, std::less<>> logins;  ///< By name.
  std::map<std::string, std::string, std::less<>> owners;   ///< A login by its sender.
  std::shared_ptr<const auth::Decoys> decoy_users;

  Result<server::LoginName> find_login(std::string_view name) override {
    if (broken) return Error{Cause::Temporary, "broken"};
    server::LoginName out{std::string(name), std::nullopt};
    const auto found = logins.find(name);
    if (found != logins.end()) out.user = found->second.copy();
    return out;
  }
  std::shared_ptr<const auth::Decoys> decoys() override { return decoy_users; }
  Result<policy::Owner> owner_of(const mail::Mailbox& sender, std::string_view login) override {
    if (broken) return Error{Cause::Temporary, "broken"};
    const auto found = owners.find(sender.text());
    if (found == owners.end()) return policy::Owner::Nobody;
    return found->second == login ? policy::Owner::Self : policy::Owner::Other;
  }
  bool hides_auth(const IpAddress&) override { return false; }
  bool may_send_bare_newlines(const IpAddress&) override { return false; }
};

/// Log lines without their stamp.
class Lines final : public log::Sink {
 public:
  explicit Lines(std::vector<std::string>& to) : to_(to) {}
  bool write(const log::Record& record) override {
    to_.emplace_back(record.text);
    return true;
  }

 private:
  std::vector<std::string>& to_;
};

class StoppedClock final : public log::Clock, public server::Clocks {
 public:
  [[nodiscard]] Moment now() override { return moment(); }
  [[nodiscard]] std::chrono::seconds utc_offset(Moment) override { return {}; }
  [[nodiscard]] Instant instant() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] Moment moment() const override {
    return Moment(std::chrono::seconds(1'795'239'600));
  }
  [[nodiscard]] int utc_offset_minutes(Moment) const override { return 0; }
};

}  // namespace gatepost::test
