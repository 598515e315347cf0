// SPDX-License-Identifier: Apache-2.0
// server: what every session of the process shares.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/dns.h"
#include "base/limits.h"
#include "base/task.h"
#include "base/time.h"
#include "log/log.h"
#include "mail/id.h"
#include "mail/path.h"
#include "net/deadlines.h"
#include "policy/relay.h"
#include "smtp/steps.h"
#include "storage/mail_store.h"
#include "tls/server_context.h"

namespace gatepost::server {

/// port: the clocks, so that sessions can be tested in virtual time.
class Clocks {
 public:
  virtual ~Clocks() = default;
  [[nodiscard]] virtual Instant instant() const = 0;
  [[nodiscard]] virtual Moment moment() const = 0;
  /// East of Greenwich, for the dates in Received.
  [[nodiscard]] virtual int utc_offset_minutes(Moment when) const = 0;
};

struct Logins;
class Greylisting;
class Warden;
struct Peer;

/// port: who a client is besides its address, for senders that have many (greylist_identity).
class Identities {
 public:
  virtual ~Identities() = default;
  /// "spf:example.com" when the client may send for the domain of `sender`, which then stands for
  /// it; empty when nobody can say. The arguments outlive the task.
  virtual Task<std::string> identify(const Peer& peer,
                                     std::string_view helo,
                                     const mail::Mailbox& sender) = 0;
};

/// port: the other programs that mail is handed to.
class Handover {
 public:
  virtual ~Handover() = default;
  /// A refusal when the program that mail for `to` goes to refuses it for good. Nothing when it
  /// takes it, or cannot be asked now. All arguments outlive the task.
  virtual Task<std::optional<smtp::Reply>> probe(const mail::Mailbox& to,
                                                 policy::DomainClass domain,
                                                 const mail::Mailbox& sender) = 0;
  /// There is something new in the queue.
  virtual void wake() = 0;
};

/// Owned by app; every reference outlives all sessions.
struct Floor {
  log::Log& log;
  storage::MailStore& store;
  tls::ServerContexts* contexts;  ///< Null when no service offers TLS.
  net::Deadlines& deadlines;
  const Clocks& clocks;
  Logins* logins = nullptr;      ///< Null: nobody can log in.
  Handover* handover = nullptr;  ///< Null: all mailboxes are Maildirs, and nothing is sent on.
  Dns* dns = nullptr;            ///< Null: no names are looked up.
  Greylisting* greylisting = nullptr;  ///< Null: nobody is put off.
  Identities* identities = nullptr;    ///< Null: a client is its address.
  Warden* warden = nullptr;            ///< Null: nobody is kept out.
  mail::IdMaker ids{};
  std::uint64_t text_in_memory = 0;  ///< Octets of message text not yet written, all sessions.
  /// Input of whichever session is being served: read, looked at, and kept by a session
  /// only when it has to wait for something else than input.
  std::array<char, limits::kReadBuffer> scratch{};

  void wake_queue() const {
    if (handover != nullptr) handover->wake();
  }
};

}  // namespace gatepost::server
