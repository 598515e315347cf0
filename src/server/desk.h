// SPDX-License-Identifier: Apache-2.0
// server: answers one session's questions from policy and storage.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/task.h"
#include "base/tls_facts.h"
#include "server/floor.h"
#include "server/profile.h"
#include "smtp/server_session.h"
#include "smtp/steps.h"

namespace gatepost::server {

/// Who is at the other end.
struct Peer {
  Endpoint client;
  Endpoint local;
  std::string name;  ///< "unknown[192.0.2.1]": the client's name and address as logs show them.
  std::unique_ptr<const TlsFacts> tls;  ///< Null in the clear.
};

/// Holds one transaction at a time. All arguments of the constructor outlive the desk.
class Desk {
 public:
  Desk(Floor& floor,
       const Profile& profile,
       const ServiceProfile& service,
       const Peer& peer,
       const smtp::ServerSession& session);

  Task<smtp::Ruling> sender();
  Task<smtp::Ruling> recipient();
  Task<smtp::Ruling> verify(const mail::Mailbox& mailbox);
  Task<smtp::Ruling> text();
  /// Takes text; true when settle() must be awaited before more is given.
  bool body(std::string_view octets);
  /// Writes out what body() gathered. A failure is remembered and told by commit().
  Task<void> settle();
  Task<smtp::Ruling> commit();
  void discard();

  /// The queue id of the message under way; empty without one.
  [[nodiscard]] std::string_view item() const;
  /// Logs that a command was refused by the machine or by this desk.
  void log_refusal(std::string_view stage, std::string_view reply) const;

 private:
  struct Accepted {
    policy::DomainClass domain;
    Target target;  // Of Local and Virtual recipients.
    mail::Recipient recipient;
  };
  struct Transaction {
    Instant begun{};
    std::vector<Accepted> accepted;
    std::string id;
    std::unique_ptr<storage::Intake> intake;
    std::optional<Error> failure;
    std::uint64_t buffered = 0;
  };

  Result<policy::DomainClass> classify(mail::Mailbox& mailbox) const;
  smtp::Ruling judge_recipient(const mail::Recipient& recipient);
  /// Looks the mailbox up; a reply when it does not exist or cannot be found out now.
  std::optional<smtp::Reply> find_target(const mail::Mailbox& mailbox,
                                         policy::DomainClass domain,
                                         Target& target) const;
  smtp::Reply unknown_user(const mail::Mailbox& mailbox, policy::DomainClass domain) const;
  smtp::Ruling refuse(std::string_view stage, smtp::Reply reply) const;
  smtp::Reply storage_reply(const Error& error) const;
  storage::IntakeRequest intake_request() const;
  std::optional<std::string> find_loop() const;
  void log_delivered(const storage::Stored& stored) const;
  void forget_buffered();

  Floor& floor_;
  const Profile& profile_;
  const ServiceProfile& service_;
  const Peer& peer_;
  const smtp::ServerSession& session_;
  std::unique_ptr<Transaction> transaction_;

 public:
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;
};

}  // namespace gatepost::server
