// SPDX-License-Identifier: Apache-2.0
// policy: who may send where: smtpd_relay_restrictions.
#include "policy/relay.h"

#include <array>
#include <utility>

#include "base/text.h"

namespace gatepost::policy {
namespace {

constexpr auto kRules = std::to_array<RelayRuleRow>({
    {RelayRule::PermitMynetworks, "permit_mynetworks"},
    {RelayRule::PermitSaslAuthenticated, "permit_sasl_authenticated"},
    {RelayRule::PermitAuthDestination, "permit_auth_destination"},
    {RelayRule::RejectUnauthDestination, "reject_unauth_destination"},
    {RelayRule::DeferUnauthDestination, "defer_unauth_destination"},
    {RelayRule::Permit, "permit"},
    {RelayRule::Reject, "reject"},
    {RelayRule::Defer, "defer"},
});

enum class Decision : std::uint8_t { Dunno, Permit, RelayDenied, RelayDeferred, Denied, Deferred };

Decision decide_rule(RelayRule rule, const RelayFacts& facts) {
  const bool ours = facts.domain != DomainClass::Other;
  switch (rule) {
    case RelayRule::PermitMynetworks:
      return facts.in_mynetworks ? Decision::Permit : Decision::Dunno;
    case RelayRule::PermitSaslAuthenticated:
      return facts.authenticated ? Decision::Permit : Decision::Dunno;
    case RelayRule::PermitAuthDestination:
      return ours ? Decision::Permit : Decision::Dunno;
    case RelayRule::RejectUnauthDestination:
      return ours ? Decision::Dunno : Decision::RelayDenied;
    case RelayRule::DeferUnauthDestination:
      return ours ? Decision::Dunno : Decision::RelayDeferred;
    case RelayRule::Permit:
      return Decision::Permit;
    case RelayRule::Reject:
      return Decision::Denied;
    case RelayRule::Defer:
      return Decision::Deferred;
  }
  std::unreachable();
}

smtp::Reply reply_for(Decision decision, std::string_view recipient, const RelayCodes& codes) {
  const std::string who = "<" + std::string(recipient) + ">: ";
  const auto make = [&who](std::uint16_t code, std::string_view status, std::string_view text) {
    // The class digit of the enhanced code follows the reply code (RFC 2034 section 4).
    std::string enhanced(status);
    enhanced.front() = (code >= 500) ? '5' : '4';
    return smtp::Reply{code, enhanced, who + std::string(text)};
  };
  switch (decision) {
    case Decision::RelayDenied:
      return make(codes.relay_domains_reject, "5.7.1", "Relay access denied");
    case Decision::RelayDeferred:
      return make(454, "4.7.1", "Relay access denied");
    case Decision::Denied:
      return make(codes.reject, "5.7.1", "Recipient address rejected: Access denied");
    case Decision::Deferred:
      return make(codes.defer, "4.3.2", "Recipient address rejected: Try again later");
    case Decision::Dunno:
    case Decision::Permit:
      break;
  }
  std::unreachable();
}

}  // namespace

std::span<const RelayRuleRow> relay_rules() {
  return kRules;
}

std::optional<RelayRule> parse_relay_rule(std::string_view name) {
  for (const RelayRuleRow& row : kRules) {
    if (iequals(row.name, name)) return row.rule;
  }
  return std::nullopt;
}

std::optional<smtp::Reply> decide_relay(std::span<const RelayRule> rules,
                                        const RelayFacts& facts,
                                        std::string_view recipient,
                                        const RelayCodes& codes) {
  for (const RelayRule rule : rules) {
    const Decision decision = decide_rule(rule, facts);
    if (decision == Decision::Dunno) continue;
    if (decision == Decision::Permit) return std::nullopt;
    return reply_for(decision, recipient, codes);
  }
  return std::nullopt;
}

std::optional<std::string> find_open_relay(std::span<const RelayRule> rules,
                                           std::span<const Network> mynetworks) {
  if (!decide_relay(rules, RelayFacts{}, "relay@probe.invalid", RelayCodes{})) {
    return "smtpd_relay_restrictions let strangers send to strangers: expected "
           "reject_unauth_destination, defer_unauth_destination, reject or defer before the end of "
           "the list and before any \"permit\"";
  }
  for (const Network& network : mynetworks) {
    // Shorter prefixes than these are held by no owner; they are a mistyped mask. Unique local
    // IPv6 addresses (RFC 4193, fc00::/7) are nobody's but the owner's.
    const unsigned least = network.address.is_v4() ? 7 : 16;
    const bool unique_local = !network.address.is_v4() && network.prefix >= 7 &&
                              (network.address.octets()[0] & 0xfeU) == 0xfcU;
    if (network.prefix < least && !unique_local) {
      return "mynetworks holds " + network.text() +
             ", which lets a large part of the Internet send mail through this host";
    }
  }
  return std::nullopt;
}

}  // namespace gatepost::policy
