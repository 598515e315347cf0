// SPDX-License-Identifier: Apache-2.0
// support: doubles made of maps for the server room: a store in memory, a directory, a log.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "log/log.h"
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
  std::size_t dropped = 0;             ///< Intakes destroyed without a promise.
  std::optional<Error> drain_error;    ///< The next drain() fails with it.
  std::optional<Error> promise_error;  ///< The next promise() fails with it.
  std::uint64_t octets_free = 1ULL << 40;
  std::uint64_t full_at = 64 * 1024;

  Task<Result<void>> open() override { co_return Result<void>(); }
  void set_hostname(std::string_view) override {}
  std::unique_ptr<storage::Intake> begin(storage::IntakeRequest request) override {
    return std::make_unique<MemoryIntake>(*this, std::move(request));
  }
  Task<Result<std::vector<queue::Item>>> list(std::size_t) override {
    co_return std::vector<queue::Item>();
  }
  Task<Result<void>> erase(std::string) override { co_return Result<void>(); }
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
      promised_ = true;
      store_.kept.push_back(kept_);
      storage::Stored stored;
      stored.octets = kept_.text.size();
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
  bool trusts_loopback = false;
  bool unlimited = false;
  bool broken = false;  ///< Every look-up fails for now.

  Result<policy::DomainClass> domain_class(std::string_view domain) override {
    if (broken) return Error{Cause::Temporary, "broken"};
    const auto found = domains.find(domain);
    return found == domains.end() ? policy::DomainClass::Other : found->second;
  }
  Result<std::optional<server::Target>> find_mailbox(const mail::Mailbox& address,
                                                     policy::DomainClass) override {
    const auto found = mailboxes.find(address.text());
    if (found == mailboxes.end()) return std::optional<server::Target>();
    return std::optional<server::Target>({found->second, found->first});
  }
  Result<server::Target> postmaster() override {
    return server::Target{"/mail/postmaster", "postmaster@example.com"};
  }
  Result<bool> is_relay_recipient(const mail::Mailbox& address) override {
    return address.local != "nobody";
  }
  bool in_mynetworks(const IpAddress& client) override {
    return trusts_loopback && client.is_loopback();
  }
  bool is_unlimited(const IpAddress&) override { return unlimited; }
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
