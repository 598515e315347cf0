// SPDX-License-Identifier: Apache-2.0
// policy: smtpd_relay_restrictions, as far as they can be decided without the domain name system.
#include "policy/relay.h"

#include <utility>

namespace gatepost::policy {

std::optional<smtp::Reply> decide_relay(std::span<const Restriction> rules,
                                        const RelayFacts& facts,
                                        std::string_view recipient,
                                        const RelayCodes& codes) {
  AccessFacts all;
  all.relay = facts;
  AccessTexts texts;
  texts.recipient = recipient;
  for (const Restriction& one : rules) {
    // Of a list of the good ones nobody permits mail for strangers.
    if (one.warn || asks_owner(one.rule) || row_of(one.rule).test != DnsTest::None) continue;
    Verdict verdict = decide_access(one.rule, AccessClass::Recipient, all, texts, codes);
    if (verdict.kind == Verdict::Kind::Permit) return std::nullopt;
    if (verdict.kind == Verdict::Kind::Refuse) return std::move(verdict.reply);
  }
  return std::nullopt;
}

std::optional<std::string> find_open_relay(std::span<const Restriction> rules,
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
