// SPDX-License-Identifier: Apache-2.0
// policy: restriction lists: the rules that need nothing but what is known here.
#include "policy/access.h"

#include <algorithm>
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
    {AccessRule::RejectRblClient, "reject_rbl_client", DnsTest::Blocked, Subject::Address},
    {AccessRule::RejectRhsblClient, "reject_rhsbl_client", DnsTest::Blocked, Subject::ClientName},
    {AccessRule::RejectRhsblReverseClient, "reject_rhsbl_reverse_client", DnsTest::Blocked,
     Subject::ReverseName},
    {AccessRule::RejectRhsblHelo, "reject_rhsbl_helo", DnsTest::Blocked, Subject::Helo},
    {AccessRule::RejectRhsblSender, "reject_rhsbl_sender", DnsTest::Blocked, Subject::Sender},
    {AccessRule::RejectRhsblRecipient, "reject_rhsbl_recipient", DnsTest::Blocked,
     Subject::Recipient},
    {AccessRule::PermitDnswlClient, "permit_dnswl_client", DnsTest::Vouched, Subject::Address},
    {AccessRule::PermitRhswlClient, "permit_rhswl_client", DnsTest::Vouched, Subject::ClientName},
    {AccessRule::RejectUnknownClientHostname, "reject_unknown_client_hostname", DnsTest::Known,
     Subject::ClientName},
    {AccessRule::RejectUnknownReverseClientHostname, "reject_unknown_reverse_client_hostname",
     DnsTest::Known, Subject::ReverseName},
    {AccessRule::RejectUnknownHeloHostname, "reject_unknown_helo_hostname", DnsTest::Known,
     Subject::Helo},
    {AccessRule::RejectUnknownSenderDomain, "reject_unknown_sender_domain", DnsTest::Known,
     Subject::Sender},
    {AccessRule::RejectUnknownRecipientDomain, "reject_unknown_recipient_domain", DnsTest::Known,
     Subject::Recipient},
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
    default:
      break;
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

smtp::Reply reply_for(Decision decision,
                      AccessClass which,
                      const AccessTexts& texts,
                      const RelayCodes& codes) {
  const std::string sender = subject_of(AccessClass::Sender, texts);
  switch (decision) {
    case Decision::RelayDenied:
      return make_reply(codes.relay_domains_reject, "5.7.1",
                        "<" + std::string(texts.recipient) + ">: Relay access denied");
    case Decision::RelayDeferred:
      return make_reply(454, "4.7.1",
                        "<" + std::string(texts.recipient) + ">: Relay access denied");
    case Decision::NotOwned:
      return make_reply(553, "5.7.1", sender + "not owned by user " + std::string(texts.login));
    case Decision::NotLoggedIn:
      return make_reply(553, "5.7.1", sender + "not logged in");
    case Decision::Denied:
      return make_reply(codes.reject, "5.7.1", subject_of(which, texts) + "Access denied");
    case Decision::Deferred:
      return make_reply(codes.defer, "4.3.2", subject_of(which, texts) + "Try again later");
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

const AccessRuleRow& row_of(AccessRule rule) {
  return kRules[static_cast<std::size_t>(rule)];
}

bool asks_owner(AccessRule rule) {
  return rule >= AccessRule::RejectSenderLoginMismatch &&
         rule <= AccessRule::RejectUnauthenticatedSenderLoginMismatch;
}

bool takes_list(const AccessRuleRow& row) {
  return row.test == DnsTest::Blocked || row.test == DnsTest::Vouched;
}

std::optional<Restriction> parse_restriction(std::string_view text) {
  constexpr std::string_view kWarn = "warn_if_reject ";
  if (istarts_with(text, kWarn)) {
    auto rule = parse_restriction(trim(text.substr(kWarn.size())));
    if (!rule || rule->warn) return std::nullopt;
    rule->warn = true;
    return rule;
  }
  const std::size_t space = std::min(text.find(' '), text.size());
  const std::string_view argument = trim(text.substr(space));
  for (const AccessRuleRow& row : kRules) {
    if (!iequals(row.name, text.substr(0, space))) continue;
    if (takes_list(row) == argument.empty()) return std::nullopt;
    if (argument.empty()) return Restriction{row.rule};
    Result<screen::Site> list = screen::parse_site(argument);
    if (!list || argument.find('*') != argument.npos) return std::nullopt;
    return Restriction{row.rule, *std::move(list), lower(argument)};
  }
  return std::nullopt;
}

smtp::Reply make_reply(std::uint16_t code, std::string_view status, std::string text) {
  std::string enhanced(status);
  enhanced.front() = (code >= 500) ? '5' : '4';
  return smtp::Reply{code, std::move(enhanced), std::move(text)};
}

Verdict decide_access(AccessRule rule,
                      AccessClass which,
                      const AccessFacts& facts,
                      const AccessTexts& texts,
                      const RelayCodes& codes) {
  const Decision decision = decide_rule(rule, facts);
  if (decision == Decision::Dunno) return {};
  if (decision == Decision::Permit) return {Verdict::Kind::Permit};
  return {Verdict::Kind::Refuse, reply_for(decision, which, texts, codes)};
}

bool AccessTally::add(Verdict verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::Dunno:
      return false;
    case Verdict::Kind::Permit:
      return true;
    case Verdict::Kind::Refuse:
      refusal_ = std::move(verdict.reply);
      return true;
    case Verdict::Kind::DeferIfPermit:
      if (!if_permit_) if_permit_ = std::move(verdict.reply);
      return false;
    case Verdict::Kind::DeferIfRefuse:
      if (!if_refuse_) if_refuse_ = std::move(verdict.reply);
      return false;
  }
  std::unreachable();
}

std::optional<smtp::Reply> AccessTally::take() {
  if (!refusal_) return std::move(if_permit_);
  return if_refuse_ ? std::move(if_refuse_) : std::move(refusal_);
}

}  // namespace gatepost::policy
