// SPDX-License-Identifier: Apache-2.0
// server: the recipients of one message: what each leads to, and what is stored for them.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "log/log.h"
#include "mail/envelope.h"
#include "mail/id.h"
#include "policy/recipient.h"
#include "server/claims.h"
#include "server/directory.h"
#include "smtp/steps.h"
#include "storage/mail_store.h"

namespace gatepost::server {

[[nodiscard]] std::string full_text(const Target& target);
/// Why mail that was accepted, or made here, is not in `target`: 5.2.2, whatever RCPT says.
[[nodiscard]] smtp::Reply full_for_good(const Target& target);

/// Collects recipients between MAIL and the end of the text, however they came: by SMTP, or made
/// on this machine. Who may write to whom is asked elsewhere.
class Recipients {
 public:
  struct Settings {
    std::string_view myorigin;    ///< Completes an address without a domain; borrowed.
    policy::UnknownUser unknown;  ///< How an unknown recipient is refused.
  };

  /// Mailboxes and addresses that the recipients of one message lead to, all together: extensions of
  /// a list's name (list+1, list+2) each lead to all of it. The first recipient may pass it: its
  /// bound is virtual_alias_expansion_limit.
  static constexpr std::size_t kMostReached = 5000;

  /// `directory` and what `settings` borrow outlive the collection.
  Recipients(Directory& directory, const Settings& settings)
      : directory_(directory), settings_(settings), claims_(directory) {}

  /// Completes `mailbox` by $myorigin and gives the class of its domain. user@[own], an address
  /// literal of this host, is the user of $myorigin (RFC 5321 section 4.1.3); `own` may be null.
  /// A bare <postmaster> is ours even when the tables cannot say (section 4.5.1).
  [[nodiscard]] Result<policy::DomainClass> classify(mail::Mailbox& mailbox,
                                                     const IpAddress* own) const;

  /// Where a completed address leads, in a form that can only be positive: a reply is the
  /// reason why it leads nowhere.
  [[nodiscard]] std::optional<smtp::Reply> find(const mail::Mailbox& mailbox,
                                                policy::DomainClass domain,
                                                const mail::Mailbox& sender,
                                                Resolution& found) const;

  /// find(), and the recipient is one of the message's. `recipient` as it was given; `completed`
  /// and `domain` from classify(). An address that is one already is not added again. 452 when all
  /// that the recipients lead to is more than one message may (kMostReached).
  [[nodiscard]] std::optional<smtp::Reply> add(const mail::Recipient& recipient,
                                               mail::Mailbox completed,
                                               policy::DomainClass domain,
                                               const mail::Mailbox& sender);

  struct Accepted {
    mail::Recipient recipient;  ///< Its mailbox completed.
    policy::DomainClass domain = policy::DomainClass::Other;
    Resolution found;
    mail::Mailbox sender;
    std::vector<Target> full = {};  ///< Were in `found`, and have no room.
    std::size_t reach = 0;          ///< What it leads to, full or not.
    bool bare_postmaster = false;   ///< As given it had no domain, and is ours whatever that is.
  };
  /// The recipient that was refused last is a trap.
  [[nodiscard]] bool was_trap() const { return was_trap_; }
  [[nodiscard]] const std::vector<Accepted>& all() const { return accepted_; }
  [[nodiscard]] std::size_t size() const { return accepted_.size(); }
  [[nodiscard]] bool empty() const { return accepted_.empty(); }
  /// What add() added last, to be looked at more closely.
  [[nodiscard]] Accepted& last() { return accepted_.back(); }
  void clear();
  /// Takes back what add() added last.
  void drop_last();

  /// At the end of the text, before anything is durable: each throw-away address counts the message
  /// from now on, once. A reply: nothing is claimed. It is what RCPT would say now where the message
  /// is for such addresses alone, and else 4yz: RCPT tells them apart the next time.
  [[nodiscard]] std::optional<smtp::Reply> claim();
  /// The message is durable, with what claim() counted after this; else that is taken back at the
  /// end of the collection.
  Task<Result<void>> keep_claims() { return claims_.keep(); }
  void take_back_claims() { claims_.take_back(); }

  /// Adds the mailboxes and the recipients for the queue to `request`, none of them twice.
  void fill(storage::IntakeRequest& request) const;
  /// Begins storing what fill() has filled: what a list with an owner hands on to other hosts is an item of its
  /// own, with the owner as its sender, since the lists' failures are the owner's to know. Bounces
  /// stay bounces.
  [[nodiscard]] std::unique_ptr<storage::Intake> begin(storage::MailStore& store,
                                                       storage::IntakeRequest request,
                                                       mail::IdMaker& ids);
  /// The mailbox among those of the message whose address a Delivered-To field has already, as it
  /// was given.
  [[nodiscard]] std::optional<std::string> find_loop(
      const std::vector<std::string>& delivered_to) const;
  /// Takes out those who would get it a second time.
  [[nodiscard]] std::vector<Accepted> take_loops(const std::vector<std::string>& delivered_to);

  /// When the message was complete and how long storing it took, for delay= and delays=.
  struct Times {
    Duration before{};
    Duration promise{};
    std::span<const storage::PutOff> put_off = {};  ///< Borrowed.
  };
  /// The message is durable: one line for each mailbox that has it, `removed` when nothing waits.
  void log_delivered(log::Log& log, std::string_view id, const Times& times) const;

  /// As it goes on from here, with what reports need: RFC 3461 section 4.2, who sends a message on
  /// tells for whom it was, unless that is told.
  [[nodiscard]] static mail::Recipient forwarded(const Accepted& from, const mail::Mailbox& to);
  /// As a report names one of the mailboxes that `accepted` leads to.
  [[nodiscard]] static mail::Recipient member(const Accepted& accepted, const Target& target);
  /// What those behind `accepted` tell: of an address that leads to several the sender is told here
  /// that it does, and of nobody behind it that mail arrived (RFC 3461 section 5.2.7.3).
  [[nodiscard]] static mail::Notify notify_behind(const Accepted& accepted);
  /// It leads to several, or its mail goes on under a list's owner's name.
  [[nodiscard]] static bool is_expanded(const Accepted& accepted);
  /// Two that lead to one place are one there: told of is what either asked for, under the name of
  /// who wants to hear most.
  static void join(mail::Recipient& into, mail::Recipient other);
  /// Folders are found without regard to case.
  [[nodiscard]] static bool is_same_place(const Target& target,
                                          std::string_view maildir,
                                          std::string_view folder);
  /// Null when its mailbox has the message.
  [[nodiscard]] static const storage::PutOff* find_put_off(std::span<const storage::PutOff> all,
                                                           const Target& target);
  /// 451: a table or file cannot be read now.
  [[nodiscard]] static smtp::Reply lookup_failure(const mail::Mailbox& mailbox);

 private:
  Directory& directory_;
  Settings settings_;
  struct Forward {
    std::string list;
    std::string id;
  };

  [[nodiscard]] static const mail::Mailbox* owner_of(const Accepted& accepted, std::size_t other);

  std::vector<Accepted> accepted_;
  std::set<std::string> names_;    // Of those in accepted_.
  std::size_t reach_ = 0;          // Mailboxes and addresses they lead to, all together.
  std::vector<Forward> forwards_;  // Lists whose mail is an item of its own.
  Claims claims_;
  bool was_trap_ = false;
};

}  // namespace gatepost::server
