// SPDX-License-Identifier: Apache-2.0
// server: one session's attempts to log in, from the machine's AUTH steps to a user.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/exchange.h"
#include "base/task.h"
#include "policy/auth_throttle.h"
#include "policy/event_rate.h"
#include "policy/login_limits.h"
#include "server/floor.h"
#include "server/peer.h"
#include "server/profile.h"
#include "server/seats.h"
#include "smtp/steps.h"
#include "storage/clerk.h"

namespace gatepost::server {

/// What all sessions share about logins. Owned by app; all calls from the loop's thread.
struct Logins {
  /// `clerk` outlives the logins.
  explicit Logins(storage::Clerk& worker) : clerk(worker) {}

  storage::Clerk& clerk;
  Seats seats;
  policy::AuthThrottle throttle;
  policy::LoginLimits limits;
  /// Who the users are now: a session's profile may be older. Null: the profile's.
  std::shared_ptr<Directory> directory;
  policy::EventRate attempts;  ///< smtpd_client_auth_rate_limit
  /// Called with a login that was just held; may be empty.
  class Watch {
   public:
    virtual ~Watch() = default;
    virtual void login_held(const policy::LoginLimits::Held& held) = 0;
    /// A message of `login` was stored that came in under the other verdict: the login was held,
    /// or let go, since its text began.
    virtual void verdict_changed(std::string_view login) = 0;
  };
  Watch* watch = nullptr;
};

/// All arguments of the constructor outlive the login.
class Login {
 public:
  Login(Floor& floor, const Profile& profile, const ServiceProfile& service, Peer& peer);
  ~Login() { charge(); }
  Login(const Login&) = delete;
  Login& operator=(const Login&) = delete;

  /// AskAuth and AskAuthResponse. A positive final ruling has set peer.login.
  Task<smtp::Ruling> begin(smtp::step::AskAuth question);
  Task<smtp::Ruling> respond(Secret response);
  /// DropAuth: the exchange ended without a ruling.
  void drop() {
    charge();
    exchange_.reset();
  }
  /// The machine ended the exchange; `why` is for the log.
  void log_abort(std::string_view why);
  /// Octets of "tls-exporter" (RFC 9266) and "tls-server-end-point" (RFC 5929) of the session's TLS;
  /// empty where there are none.
  void bind(std::string exporter, std::string end_point) {
    exporter_ = std::move(exporter);
    end_point_ = std::move(end_point);
  }

 private:
  struct Work;
  Task<smtp::Ruling> go(auth::Step step);
  /// Finds the user and lets the clerk do what costs. Nothing: `refusal_` says why.
  Task<std::optional<auth::Step>> look(auth::Use use, std::string user, Secret password);
  std::optional<auth::Terms> make_terms(const auth::Mechanism& mechanism) const;
  bool may_try();
  smtp::Ruling fail(const auth::step::Failure& failure);
  smtp::Ruling succeed();
  smtp::Ruling refuse(smtp::Reply reply, std::string_view reason, std::string_view result);
  smtp::Ruling refuse_throttled();
  [[nodiscard]] policy::AuthThrottle::Attempt attempt() const;
  /// The throttle counts the attempt as failed, if a password or secret was looked at.
  void charge();

  Floor& floor_;
  const Profile& profile_;
  const ServiceProfile& service_;
  Peer& peer_;
  std::unique_ptr<auth::Exchange> exchange_;
  std::string exporter_;
  std::string end_point_;
  std::string account_;   ///< Whom the throttle counts: one name for all spellings.
  bool looked_ = false;   ///< It did cost something, and is neither good nor counted yet.
  std::string_view why_;  ///< What will not fit, for the log; a literal.
  std::string found_;     ///< The user's name as passwd_file has it; empty: nobody who may log in.
  std::string stored_;    ///< Of found_, as in Identity::secret.
  std::optional<smtp::Ruling> refusal_;
};

}  // namespace gatepost::server
