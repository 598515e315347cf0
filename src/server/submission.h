// SPDX-License-Identifier: Apache-2.0
// server: the rules of submission (RFC 6409) for one session: who may send as whom, and how a
// message that begins its journey here is completed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "mail/envelope.h"
#include "mail/header_fixer.h"
#include "policy/login_limits.h"
#include "policy/relay.h"
#include "server/floor.h"
#include "server/peer.h"
#include "server/profile.h"
#include "server/restrictions.h"
#include "smtp/server_session.h"
#include "smtp/steps.h"

namespace gatepost::server {

/// All arguments of the constructor outlive the object.
class Submission {
 public:
  Submission(Floor& floor,
             const Profile& profile,
             const ServiceProfile& service,
             const Peer& peer,
             const smtp::ServerSession& session)
      : floor_(floor), profile_(profile), service_(service), peer_(peer), session_(session) {}

  /// MAIL: where nobody but users may send, a client that has not logged in is told so, and not
  /// that its recipients are refused (RFC 6409 section 4.3).
  [[nodiscard]] std::optional<smtp::Reply> judge_client() const;
  /// RCPT: the restriction lists, in Postfix's order. `shown` is the recipient as it was given; all
  /// arguments outlive the task.
  Task<std::optional<smtp::Reply>> judge_recipient(const mail::Mailbox& shown,
                                                   policy::DomainClass domain,
                                                   Restrictions& restrictions) const;

  /// Whether this message's header is to be completed: it comes from a person.
  [[nodiscard]] bool completes_header() const;
  /// What is added to it where it lacks it.
  [[nodiscard]] mail::HeaderFixes make_fixes(std::string_view id, Moment at) const;

  /// MAIL: why the login of this session is none any more, for the log; empty: it is, or there was
  /// none. A password is changed, a user deleted, to stop who is logged in with it.
  [[nodiscard]] std::string_view find_login_end() const;
  /// Counts a message of the login that begins; true when it is to be kept on hold.
  [[nodiscard]] policy::LoginLimits::Counted count_message(std::uint32_t recipients) const;
  /// It was not stored: what count_message() counted is taken back.
  void uncount_message(const policy::LoginLimits::Counted& what) const;
  /// MAIL: a held login of which as much is stored as may be.
  [[nodiscard]] std::optional<smtp::Reply> judge_held() const;
  /// A message of `octets` was stored, `held` as count_message() said before its text. The login is
  /// held from here on if this one went past a limit.
  void settle_message(bool held, std::uint64_t octets) const;

 private:
  [[nodiscard]] policy::RelayFacts relay_facts(policy::DomainClass domain) const;
  [[nodiscard]] Result<policy::Owner> owner() const;
  [[nodiscard]] std::string_view login() const {
    return peer_.login ? std::string_view(peer_.login->name) : std::string_view();
  }

  Floor& floor_;
  const Profile& profile_;
  const ServiceProfile& service_;
  const Peer& peer_;
  const smtp::ServerSession& session_;
};

}  // namespace gatepost::server
