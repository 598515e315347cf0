// SPDX-License-Identifier: Apache-2.0
// server: one session's attempts to log in, from the machine's AUTH steps to a user.
#include "server/login.h"

#include <array>
#include <utility>
#include <variant>

#include "auth/digest.h"
#include "auth/mechanisms.h"
#include "auth/stored_secret.h"
#include "base/text.h"
#include "log/events.h"
#include "policy/login_right.h"
#include "server/warden.h"
#include "tls/crypto.h"

namespace gatepost::server {
namespace {

constexpr std::string_view kFailed = "Error: authentication failed: wrong user name or password";

smtp::Reply temporary() {
  return smtp::Reply{454, "4.7.0", "Temporary authentication failure"};
}

IpAddress network_of(const Profile& profile, const IpAddress& client) {
  return client.masked(client.is_v4() ? profile.ipv4_prefix : profile.ipv6_prefix);
}

}  // namespace

// What a clerk does: all that costs time and depends on a secret. Owns what it reads, for the
// session may die meanwhile.
struct Login::Work {
  auth::Use use;
  std::string name;
  Secret stored;
  Secret password;
  std::shared_ptr<const auth::Decoys> decoys;

  struct Done {
    auth::StoredSecret secret;
    bool fits = false;
  };

  Done operator()() {
    level();
    Done done{auth::choose_secret(use, name, stored.reveal(), *decoys), false};
    if (use == auth::Use::Password) {
      done.fits = auth::check_password(done.secret, password.reveal());
    }
    return done;
  }

  // What finding the secret of an unknown name costs more than that of a known one, and the other
  // way round: microseconds, but a stranger may ask a thousand times and take the mean.
  void level() const {
    constexpr std::string_view kSecret =
        "{SCRAM-SHA-256}4096,AAAAAAAAAAAAAAAAAAAAAA==,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    if (stored.empty()) {
      [[maybe_unused]] const auto parsed = auth::parse_secret(kSecret);
    } else {
      [[maybe_unused]] const auth::StoredSecret decoy = decoys->pick(name);
    }
  }
};

Login::Login(Floor& floor, const Profile& profile, const ServiceProfile& service, Peer& peer)
    : floor_(floor), profile_(profile), service_(service), peer_(peer) {}

policy::AuthThrottle::Attempt Login::attempt() const {
  const IpAddress& client = peer_.client.address;
  return {policy::AuthThrottle::network_of(client), account_,
          profile_.directory->is_unlimited(client)};
}

void Login::charge() {
  if (!std::exchange(looked_, false)) return;
  floor_.logins->throttle.failed(attempt(), floor_.clocks.instant());
  if (floor_.warden != nullptr) floor_.warden->note(peer_.client.address, bans::Offence::Auth);
}

std::optional<auth::Terms> Login::make_terms(const auth::Mechanism& mechanism) const {
  std::array<unsigned char, 24> random{};
  if (!tls::fill_random(random)) return std::nullopt;
  auth::Terms terms;
  terms.nonce.assign(random.begin(), random.end());
  terms.host = profile_.hostname;
  terms.exporter = exporter_;
  terms.end_point = end_point_;
  for (const std::string& name : service_.session.auth_mechanisms_tls) {
    const auth::Mechanism* offered = auth::find_mechanism(name);
    if (offered != nullptr && offered->binds && peer_.tls) terms.plus_offered = true;
  }
  // Without bindings a client that insists on them must learn that it is we who lack them.
  const bool bound = !terms.exporter.empty() || !terms.end_point.empty();
  if (!bound) terms.plus_offered = false;
  if (mechanism.binds && !bound) return std::nullopt;
  return terms;
}

bool Login::may_try() {
  const IpAddress& client = peer_.client.address;
  const std::uint32_t limit = service_.auth_rate;
  const bool exempt = floor_.warden != nullptr ? floor_.warden->is_unlimited(client)
                                               : profile_.directory->is_unlimited(client);
  if (limit == 0 || exempt) return true;
  const Duration time = profile_.rate_time;
  const Instant now = floor_.clocks.instant();
  return floor_.logins->attempts.count(network_of(profile_, client), time, now) <= limit;
}

Task<smtp::Ruling> Login::begin(smtp::step::AskAuth question) {
  charge();
  found_.clear();
  why_ = {};
  account_.clear();
  refusal_.reset();
  const auth::Mechanism* mechanism = auth::find_mechanism(question.mechanism);
  GP_ASSERT(mechanism != nullptr);  // The machine asks for what the settings offer.
  std::optional<auth::Terms> terms = make_terms(*mechanism);
  if (!terms || floor_.logins == nullptr) co_return smtp::Ruling{temporary()};
  exchange_ = std::make_unique<auth::Exchange>(*mechanism, *std::move(terms));
  if (!may_try()) {
    smtp::Reply reply{450, "4.7.1",
                      "Error: too many AUTH commands from " + peer_.client.address.text()};
    co_return refuse(std::move(reply), "too many AUTH commands", "throttled");
  }
  auth::Step first =
      question.initial ? exchange_->next(question.initial->reveal()) : exchange_->start();
  co_return co_await go(std::move(first));
}

// The proof is looked at here: what failed elsewhere since the challenge counts.
Task<smtp::Ruling> Login::respond(Secret response) {
  if (looked_ && !floor_.logins->throttle.is_open(attempt(), floor_.clocks.instant())) {
    looked_ = false;  // Nothing was learned.
    co_return refuse_throttled();
  }
  auth::Step step = exchange_->next(response.reveal());
  co_return co_await go(std::move(step));
}

Task<smtp::Ruling> Login::go(auth::Step step) {
  for (;;) {
    if (auto* challenge = std::get_if<auth::step::Challenge>(&step)) {
      co_return smtp::Ruling{smtp::Reply{334, "", std::move(challenge->octets)}};
    }
    if (std::holds_alternative<auth::step::Success>(step)) co_return succeed();
    if (auto* failure = std::get_if<auth::step::Failure>(&step)) co_return fail(*failure);
    std::optional<auth::Step> next;
    if (auto* check = std::get_if<auth::step::CheckPassword>(&step)) {
      next = co_await look(auth::Use::Password, std::move(check->user), std::move(check->password));
    } else if (auto* need = std::get_if<auth::step::NeedSecret>(&step)) {
      const auth::Use use = exchange_->mechanism().use;
      next = co_await look(use, std::move(need->user), Secret());
    }
    if (!next) co_return *std::exchange(refusal_, std::nullopt);
    step = *std::move(next);
  }
}

// The same way for known and unknown names, from the throttle to the clerk: what differs is what
// the clerk compares with.
Task<std::optional<auth::Step>> Login::look(auth::Use use, std::string user, Secret password) {
  Logins& logins = *floor_.logins;
  Result<LoginName> found = profile_.directory->find_login(user);
  std::shared_ptr<const auth::Decoys> decoys = profile_.directory->decoys();
  if (!found || !decoys) {
    const std::string reason = found ? std::string("no secrets") : found.error().detail;
    refusal_ = refuse(temporary(), reason, "error");
    co_return std::nullopt;
  }
  account_ = found->name;
  const policy::AuthThrottle::Attempt who = attempt();
  if (!logins.throttle.is_open(who, floor_.clocks.instant())) {
    refusal_ = refuse_throttled();
    co_return std::nullopt;
  }
  why_ = found->user ? "wrong password" : "unknown user";
  std::string_view bar;
  if (found->user) bar = policy::find_login_bar(*found->user, peer_.client.address);
  if (!bar.empty()) why_ = bar;
  Work work{use, found->name, Secret(), std::move(password), std::move(decoys)};
  if (found->user && bar.empty()) {
    found_ = found->user->name;
    stored_ = auth::digest(auth::Hash::Sha256, found->user->secret.reveal());
    work.stored = std::move(found->user->secret);
  }
  const bool vouched = logins.throttle.is_vouched(who, floor_.clocks.instant());
  const Seats::Guest guest{who.client, vouched, peer_.wire};
  const Seats::Seat seat = co_await logins.seats.take(guest);
  if (!seat) {
    smtp::Reply reply{454, "4.7.0", "Temporary authentication failure: too many logins at once"};
    refusal_ = refuse(std::move(reply), "too many logins wait", "error");
    co_return std::nullopt;
  }
  // Those before it in the line may have failed meanwhile.
  if (!logins.throttle.is_open(who, floor_.clocks.instant())) {
    refusal_ = refuse_throttled();
    co_return std::nullopt;
  }
  looked_ = true;
  const Work::Done done = co_await logins.clerk.run(std::move(work));
  if (done.secret.decoy && !found_.empty())
    why_ = "the stored password does not serve this mechanism";
  if (use == auth::Use::Password) {
    co_return exchange_->password_checked(done.fits && !found_.empty());
  }
  co_return exchange_->secret(done.secret);
}

smtp::Ruling Login::succeed() {
  auto identity = std::make_unique<Identity>();
  identity->name = found_;
  identity->method = exchange_->mechanism().name;
  identity->secret = std::exchange(stored_, {});
  looked_ = false;
  floor_.logins->throttle.succeeded(attempt(), floor_.clocks.instant());
  if (floor_.warden != nullptr) floor_.warden->note_login(peer_.client.address);
  floor_.log.emit(
      log::LoginSucceeded{service_.name(), peer_.name, identity->method, identity->name});
  peer_.login = std::move(identity);
  exchange_.reset();
  return smtp::Ruling{smtp::Reply{235, "2.7.0", "Authentication successful"}};
}

smtp::Ruling Login::fail(const auth::step::Failure& failure) {
  if (failure.fault == auth::Fault::Malformed) {
    smtp::Reply reply{501, "5.5.2", "Error: malformed authentication response"};
    return refuse(std::move(reply), failure.reason, "failed");
  }
  charge();
  const Duration delay = floor_.logins->throttle.delay(attempt(), floor_.clocks.instant());
  smtp::Reply reply{535, "5.7.8", std::string(kFailed)};
  const bool unfit = failure.reason == auth::kNoFit && !why_.empty();
  smtp::Ruling ruling = refuse(std::move(reply), unfit ? why_ : failure.reason, "failed");
  ruling.delay = delay;
  return ruling;
}

smtp::Ruling Login::refuse_throttled() {
  smtp::Reply reply{454, "4.7.0", "Temporary authentication failure: too many failures"};
  return refuse(std::move(reply), "too many failures", "throttled");
}

smtp::Ruling Login::refuse(smtp::Reply reply, std::string_view reason, std::string_view result) {
  charge();
  const std::string user = exchange_->user();
  floor_.log.emit(log::LoginFailed{service_.name(), peer_.name, exchange_->mechanism().name, user,
                                   reason, result});
  exchange_.reset();
  return smtp::Ruling{std::move(reply)};
}

void Login::log_abort(std::string_view why) {
  charge();
  if (!exchange_) return;
  floor_.log.emit(log::LoginFailed{service_.name(), peer_.name, exchange_->mechanism().name,
                                   exchange_->user(), why, why.empty() ? "aborted" : "failed"});
}

}  // namespace gatepost::server
