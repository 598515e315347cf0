// SPDX-License-Identifier: Apache-2.0
// policy: who may send where: smtpd_relay_restrictions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "smtp/steps.h"

namespace gatepost::policy {

/// What a recipient's domain is to us.
enum class DomainClass : std::uint8_t {
  Local,    ///< mydestination, or an address literal of ours
  Virtual,  ///< virtual_mailbox_domains
  Relay,    ///< relay_domains
  Alias,    ///< virtual_alias_domains: addresses that lead elsewhere, and no mailboxes
  Other,    ///< Everything else: mail for strangers
};

enum class RelayRule : std::uint8_t {
  PermitMynetworks,
  PermitSaslAuthenticated,
  PermitAuthDestination,
  RejectUnauthDestination,
  DeferUnauthDestination,
  Permit,
  Reject,
  Defer,
};

/// One row per rule: its name in the configuration.
struct RelayRuleRow {
  RelayRule rule;
  std::string_view name;
};
[[nodiscard]] std::span<const RelayRuleRow> relay_rules();
[[nodiscard]] std::optional<RelayRule> parse_relay_rule(std::string_view name);

/// What the rules look at.
struct RelayFacts {
  bool in_mynetworks = false;
  bool authenticated = false;
  DomainClass domain = DomainClass::Other;
};

/// Reply codes an owner may change.
struct RelayCodes {
  std::uint16_t relay_domains_reject = 554;
  std::uint16_t reject = 554;
  std::uint16_t defer = 450;
};

/// The first rule that decides, decides; the end of the list permits (spec: restriction lists).
/// Nothing means permitted; a reply means refused. `recipient` is shown in the reply.
[[nodiscard]] std::optional<smtp::Reply> decide_relay(std::span<const RelayRule> rules,
                                                      const RelayFacts& facts,
                                                      std::string_view recipient,
                                                      const RelayCodes& codes);

/// Why these settings would make an open relay, or nothing. Proved by asking decide_relay()
/// as a stranger who writes to strangers, and by looking for a `mynetworks` that is the
/// Internet.
[[nodiscard]] std::optional<std::string> find_open_relay(std::span<const RelayRule> rules,
                                                         std::span<const Network> mynetworks);

}  // namespace gatepost::policy
