// SPDX-License-Identifier: Apache-2.0
// server: the rules of submission for one session.
#include "server/submission.h"

#include <memory>

#include "auth/digest.h"
#include "log/events.h"
#include "mail/trace.h"
#include "policy/login_right.h"
#include "server/login.h"

namespace gatepost::server {
namespace {

smtp::Reply lookup_failure(const std::string& address) {
  return smtp::Reply{451, "4.3.0", "<" + address + ">: Temporary lookup failure"};
}

}  // namespace

policy::RelayFacts Submission::relay_facts(policy::DomainClass domain) const {
  return {profile_.directory->in_mynetworks(peer_.client.address), peer_.login != nullptr, domain};
}

std::optional<smtp::Reply> Submission::judge_client() const {
  if (peer_.login || !service_.has_auth()) return std::nullopt;
  // Not even mail for our own users is taken from this client: so it is a matter of logging in.
  const policy::RelayFacts facts = relay_facts(policy::DomainClass::Local);
  if (!policy::decide_relay(service_.relay_rules, facts, {}, service_.relay_codes)) {
    return std::nullopt;
  }
  return smtp::Reply{530, "5.7.0", "Authentication required"};
}

Result<policy::Owner> Submission::owner() const {
  mail::Mailbox sender = session_.envelope().sender;
  if (sender.domain.empty()) sender.domain = profile_.myorigin;
  return profile_.directory->owner_of(sender, login());
}

Task<std::optional<smtp::Reply>> Submission::judge_recipient(const mail::Mailbox& shown,
                                                             policy::DomainClass domain,
                                                             Restrictions& restrictions) const {
  const mail::Mailbox& from = session_.envelope().sender;
  const std::string sender = from.text();
  const std::string recipient = shown.text();
  policy::AccessFacts facts;
  facts.relay = relay_facts(domain);
  facts.null_sender = from.empty();
  bool asks_owner = false;
  bool asks_domain = false;
  for (const auto* rules : {&service_.client_rules, &service_.helo_rules, &service_.sender_rules,
                            &service_.relay_rules, &service_.recipient_rules}) {
    for (const policy::Restriction& one : *rules) {
      asks_owner = asks_owner || policy::asks_owner(one.rule);
      asks_domain = asks_domain || one.rule == policy::AccessRule::RejectUnknownSenderDomain;
    }
  }
  if (!facts.null_sender && asks_owner) {
    const Result<policy::Owner> found = owner();
    if (!found) co_return lookup_failure(sender);
    facts.owner = *found;
  }
  if (asks_domain && !from.domain.empty()) {
    const Result<policy::DomainClass> found = profile_.directory->domain_class(from.domain);
    if (!found) co_return lookup_failure(sender);
    facts.sender_is_ours =
        *found != policy::DomainClass::Other && *found != policy::DomainClass::Relay;
  }
  const policy::AccessTexts texts{peer_.name, session_.helo(), sender, recipient, login()};
  auto denied = co_await restrictions.judge(facts, texts);
  co_return denied;
}

bool Submission::completes_header() const {
  return service_.is_submission() || peer_.login != nullptr;
}

mail::HeaderFixes Submission::make_fixes(std::string_view id, Moment at) const {
  mail::HeaderFixes fixes;
  mail::Zone zone;
  zone.minutes = floor_.clocks.utc_offset_minutes(at);
  if (zone.minutes != 0) zone.name = {};
  fixes.date = mail::format_date(at, zone);
  fixes.message_id = mail::make_message_id(at, id, profile_.hostname);
  const mail::Mailbox& sender = session_.envelope().sender;
  if (!sender.empty()) {
    fixes.from = sender.text();
    if (sender.domain.empty()) fixes.from += "@" + profile_.myorigin;
  } else if (peer_.login) {
    fixes.from = peer_.login->name;
    if (fixes.from.find('@') == std::string::npos) fixes.from += "@" + profile_.myorigin;
  }
  return fixes;
}

std::string_view Submission::find_login_end() const {
  if (!peer_.login || floor_.logins == nullptr) return {};
  const std::shared_ptr<Directory>& now = floor_.logins->directory;
  const Result<LoginName> found = (now ? now : profile_.directory)->find_login(peer_.login->name);
  if (!found) return {};  // Nobody can say; who was let in goes on.
  if (!found->user || found->user->name != peer_.login->name) return "the user is gone";
  const policy::User& user = *found->user;
  if (auth::digest(auth::Hash::Sha256, user.secret.reveal()) != peer_.login->secret) {
    return "the password was changed";
  }
  return policy::find_login_bar(user, peer_.client.address);
}

policy::LoginLimits::Counted Submission::count_message(std::uint32_t recipients) const {
  if (!peer_.login || floor_.logins == nullptr) return {};
  const IpAddress network = policy::AuthThrottle::network_of(peer_.client.address);
  return floor_.logins->limits.count(login(), recipients, network, floor_.clocks.moment());
}

void Submission::uncount_message(const policy::LoginLimits::Counted& what) const {
  if (!peer_.login || floor_.logins == nullptr) return;
  floor_.logins->limits.take_back(login(), what, floor_.clocks.moment());
}

std::optional<smtp::Reply> Submission::judge_held() const {
  if (!peer_.login || floor_.logins == nullptr) return std::nullopt;
  if (!floor_.logins->limits.is_full(login())) return std::nullopt;
  return smtp::Reply{450, "4.7.1", "Error: too much mail of this login is on hold"};
}

void Submission::settle_message(bool held, std::uint64_t octets) const {
  if (!peer_.login || floor_.logins == nullptr) return;
  Logins& logins = *floor_.logins;
  if (held && logins.limits.settle(login(), floor_.clocks.moment())) {
    const policy::LoginLimits::Held& now = *logins.limits.find_held(login());
    floor_.log.emit(log::LoginHeld{service_.name(), peer_.name, now.login, now.reason});
    if (logins.watch != nullptr) logins.watch->login_held(now);
  }
  if (held) logins.limits.note_held(login(), octets);
  const bool still = logins.limits.find_held(login()) != nullptr;
  if (still != held && logins.watch != nullptr) logins.watch->verdict_changed(login());
}

}  // namespace gatepost::server
