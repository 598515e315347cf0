// SPDX-License-Identifier: Apache-2.0
// policy: the lists smtpd_{client,helo,sender,recipient}_restrictions, as far as they are about
// networks of ours and logins.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "policy/relay.h"
#include "smtp/steps.h"

namespace gatepost::policy {

enum class AccessRule : std::uint8_t {
  PermitMynetworks,
  PermitSaslAuthenticated,
  PermitAuthDestination,
  RejectUnauthDestination,
  DeferUnauthDestination,
  RejectSenderLoginMismatch,
  RejectAuthenticatedSenderLoginMismatch,
  RejectKnownSenderLoginMismatch,
  RejectUnauthenticatedSenderLoginMismatch,
  Permit,
  Reject,
  Defer,
};

struct AccessRuleRow {
  AccessRule rule;
  std::string_view name;
};
[[nodiscard]] std::span<const AccessRuleRow> access_rules();
[[nodiscard]] std::optional<AccessRule> parse_access_rule(std::string_view name);
/// The rule needs to know whose the sender is.
[[nodiscard]] bool asks_owner(AccessRule rule);

/// Whose a sender address is.
enum class Owner : std::uint8_t {
  Nobody,  ///< No login is known to own it.
  Self,    ///< The login's own.
  Other,   ///< Somebody's, and not this login's, if there is one.
};

struct AccessFacts {
  RelayFacts relay;
  bool null_sender = false;
  Owner owner = Owner::Nobody;
};

/// Which list it is, in the words of the reply.
enum class AccessClass : std::uint8_t { Client, Helo, Sender, Recipient };

/// What is shown in a reply.
struct AccessTexts {
  std::string_view client;  ///< "unknown[192.0.2.1]"
  std::string_view helo;
  std::string_view sender;
  std::string_view recipient;
  std::string_view login;  ///< Empty: not logged in.
};

/// The first rule that decides, decides; the end of the list permits. Nothing means permitted.
[[nodiscard]] std::optional<smtp::Reply> decide_access(std::span<const AccessRule> rules,
                                                       AccessClass which,
                                                       const AccessFacts& facts,
                                                       const AccessTexts& texts,
                                                       const RelayCodes& codes);

}  // namespace gatepost::policy
