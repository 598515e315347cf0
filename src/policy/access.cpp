// SPDX-License-Identifier: Apache-2.0
// policy: restriction lists, as far as they are about networks of ours and logins.
#include "policy/access.h"

#include <array>
#include <string>
#include <utility>

#include "base/text.h"

namespace gatepost::policy {
namespace {

constexpr auto kRules = std::to_array<AccessRuleRow>({
    {AccessRule::PermitMynetworks, "permit_mynetworks"},
    {AccessRule::PermitSaslAuthenticated, "permit_sasl_authenticated"},
    {AccessRule::PermitAuthDestination, "permit_auth_destination"},
    {AccessRule::RejectUnauthDestination, "reject_unauth_destination"},
    {AccessRule::DeferUnauthDestination, "defer_unauth_destination"},
    {AccessRule::RejectSenderLoginMismatch, "reject_sender_login_mismatch"},
    {AccessRule::RejectAuthenticatedSenderLoginMismatch,
     "reject_authenticated_sender_login_mismatch"},
    {AccessRule::RejectKnownSenderLoginMismatch, "reject_known_sender_login_mismatch"},
    {AccessRule::RejectUnauthenticatedSenderLoginMismatch,
     "reject_unauthenticated_sender_login_mismatch"},
    {AccessRule::Permit, "permit"},
    {AccessRule::Reject, "reject"},
    {AccessRule::Defer, "defer"},
});

enum class Decision : std::uint8_t {
  Dunno,
  Permit,
  RelayDenied,
  RelayDeferred,
  NotOwned,
  NotLoggedIn,
  Denied,
  Deferred,
};

// As Postfix's reject_sender_login_mismatch() family: the null sender is nobody's and everybody's.
Decision decide_sender(AccessRule rule, const AccessFacts& facts) {
  if (facts.null_sender) return Decision::Dunno;
  if (facts.relay.authenticated) {
    if (rule == AccessRule::RejectUnauthenticatedSenderLoginMismatch) return Decision::Dunno;
    const bool known_only = rule == AccessRule::RejectKnownSenderLoginMismatch;
    const bool fits = facts.owner == Owner::Self || (known_only && facts.owner == Owner::Nobody);
    return fits ? Decision::Dunno : Decision::NotOwned;
  }
  if (rule == AccessRule::RejectAuthenticatedSenderLoginMismatch) return Decision::Dunno;
  return facts.owner == Owner::Nobody ? Decision::Dunno : Decision::NotLoggedIn;
}

Decision decide_rule(AccessRule rule, const AccessFacts& facts) {
  const bool ours = facts.relay.domain != DomainClass::Other;
  switch (rule) {
    case AccessRule::PermitMynetworks:
      return facts.relay.in_mynetworks ? Decision::Permit : Decision::Dunno;
    case AccessRule::PermitSaslAuthenticated:
      return facts.relay.authenticated ? Decision::Permit : Decision::Dunno;
    case AccessRule::PermitAuthDestination:
      return ours ? Decision::Permit : Decision::Dunno;
    case AccessRule::RejectUnauthDestination:
      return ours ? Decision::Dunno : Decision::RelayDenied;
    case AccessRule::DeferUnauthDestination:
      return ours ? Decision::Dunno : Decision::RelayDeferred;
    case AccessRule::RejectSenderLoginMismatch:
    case AccessRule::RejectAuthenticatedSenderLoginMismatch:
    case AccessRule::RejectKnownSenderLoginMismatch:
    case AccessRule::RejectUnauthenticatedSenderLoginMismatch:
      return decide_sender(rule, facts);
    case AccessRule::Permit:
      return Decision::Permit;
    case AccessRule::Reject:
      return Decision::Denied;
    case AccessRule::Defer:
      return Decision::Deferred;
  }
  std::unreachable();
}

std::string subject_of(AccessClass which, const AccessTexts& texts) {
  constexpr std::array<std::string_view, 4> kWords{"Client host", "Helo command", "Sender address",
                                                   "Recipient address"};
  const std::array<std::string_view, 4> subjects{texts.client, texts.helo, texts.sender,
                                                 texts.recipient};
  const auto at = static_cast<std::size_t>(which);
  return "<" + std::string(subjects[at]) + ">: " + std::string(kWords[at]) + " rejected: ";
}

smtp::Reply make(std::uint16_t code, std::string_view status, std::string text) {
  // The class digit of the enhanced code follows the reply code (RFC 2034 section 4).
  std::string enhanced(status);
  enhanced.front() = (code >= 500) ? '5' : '4';
  return smtp::Reply{code, std::move(enhanced), std::move(text)};
}

smtp::Reply reply_for(Decision decision,
                      AccessClass which,
                      const AccessTexts& texts,
                      const RelayCodes& codes) {
  const std::string sender = subject_of(AccessClass::Sender, texts);
  switch (decision) {
    case Decision::RelayDenied:
      return make(codes.relay_domains_reject, "5.7.1",
                  "<" + std::string(texts.recipient) + ">: Relay access denied");
    case Decision::RelayDeferred:
      return make(454, "4.7.1", "<" + std::string(texts.recipient) + ">: Relay access denied");
    case Decision::NotOwned:
      return make(553, "5.7.1", sender + "not owned by user " + std::string(texts.login));
    case Decision::NotLoggedIn:
      return make(553, "5.7.1", sender + "not logged in");
    case Decision::Denied:
      return make(codes.reject, "5.7.1", subject_of(which, texts) + "Access denied");
    case Decision::Deferred:
      return make(codes.defer, "4.3.2", subject_of(which, texts) + "Try again later");
    case Decision::Dunno:
    case Decision::Permit:
      break;
  }
  std::unreachable();
}

}  // namespace

std::span<const AccessRuleRow> access_rules() {
  return kRules;
}

std::optional<AccessRule> parse_access_rule(std::string_view name) {
  for (const AccessRuleRow& row : kRules) {
    if (iequals(row.name, name)) return row.rule;
  }
  return std::nullopt;
}

bool asks_owner(AccessRule rule) {
  return rule >= AccessRule::RejectSenderLoginMismatch &&
         rule <= AccessRule::RejectUnauthenticatedSenderLoginMismatch;
}

std::optional<smtp::Reply> decide_access(std::span<const AccessRule> rules,
                                         AccessClass which,
                                         const AccessFacts& facts,
                                         const AccessTexts& texts,
                                         const RelayCodes& codes) {
  for (const AccessRule rule : rules) {
    const Decision decision = decide_rule(rule, facts);
    if (decision == Decision::Dunno) continue;
    if (decision == Decision::Permit) return std::nullopt;
    return reply_for(decision, which, texts, codes);
  }
  return std::nullopt;
}

}  // namespace gatepost::policy
