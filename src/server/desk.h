// SPDX-License-Identifier: Apache-2.0
// server: answers one session's questions from policy and storage.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bans/rules.h"
#include "base/address.h"
#include "base/task.h"
#include "base/tls_facts.h"
#include "mail/report.h"
#include "policy/login_limits.h"
#include "server/floor.h"
#include "server/greylisting.h"
#include "server/peer.h"
#include "server/profile.h"
#include "server/recipients.h"
#include "server/restrictions.h"
#include "server/submission.h"
#include "server/warden.h"
#include "smtp/server_session.h"
#include "smtp/steps.h"

namespace gatepost::server {

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
  void log_refusal(std::string_view stage,
                   std::string_view reply,
                   std::string_view verb = "reject") const;

 private:
  struct Transaction {
    explicit Transaction(Recipients none) : recipients(std::move(none)) {}
    Instant begun{};
    Recipients recipients;
    std::string id;
    std::unique_ptr<storage::Intake> intake;
    std::optional<Error> failure;
    std::string greylist_header;               // Of the first recipient that had to wait.
    std::unique_ptr<mail::HeaderFixer> fixer;  // Null: the header stays as it came.
    std::string own_message_id;                // What the fixer adds where there is none.
    bool held = false;                         // The login's mail waits (login_hourly_...).
    policy::LoginLimits::Counted counted{};    // As long as the message is not stored.
    std::vector<storage::LocalCopy> copies;    ///< As given to the store.
    Moment arrived{};
    std::unique_ptr<mail::ReturnedText> returned;  ///< For reports; null: there is none.
    std::uint64_t octets = 0;                      ///< Of the text so far.
    std::uint64_t buffered = 0;
  };

  Recipients no_recipients() const;
  Task<smtp::Ruling> judge_recipient(const mail::Recipient& recipient);
  /// Whether mail is judged by greylisting and traps at all.
  [[nodiscard]] bool is_stranger() const;
  /// With the client's identity, where it is asked for (greylist_identity).
  Task<Greylisting::Question> greylist_question();
  /// Greylisting, which is asked last: nothing when the recipient may have the mail now.
  Task<std::optional<smtp::Reply>> judge_greylist();
  /// A recipient was refused: mail to a trap has consequences.
  Task<void> look_for_trap(const smtp::Ruling& ruling);
  void note_trap() const;
  /// What a client does that is not logged in may have it kept out.
  void offend(bans::Offence offence) const;
  /// Over one of smtpd_client_*_rate_limit.
  [[nodiscard]] bool is_over(Rate rate) const;
  smtp::Ruling refuse(std::string_view stage, smtp::Reply reply) const;
  smtp::Reply storage_reply(const Error& error) const;
  storage::IntakeRequest intake_request() const;
  void hold(storage::IntakeRequest& request) const;
  void append(std::string_view octets);
  /// Reports about a message that is stored.
  Task<void> tell_sender(const storage::Stored& stored);
  void log_delivered(const storage::Stored& stored) const;
  void forget_buffered();
  void uncount();

  Floor& floor_;
  const Profile& profile_;
  const ServiceProfile& service_;
  const Peer& peer_;
  const smtp::ServerSession& session_;
  const Submission submission_;
  Restrictions restrictions_;
  std::unique_ptr<Transaction> transaction_;

 public:
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;
};

}  // namespace gatepost::server
