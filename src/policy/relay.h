// SPDX-License-Identifier: Apache-2.0
// policy: smtpd_relay_restrictions, as far as they can be decided without the domain name system.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/address.h"
#include "policy/access.h"
#include "smtp/steps.h"

namespace gatepost::policy {

/// The first rule that decides, decides; the end of the list permits (spec: restriction lists).
/// Rules that ask the domain name system, or are about senders, decide nothing here, nor do those
/// that only warn. Nothing means permitted; a reply means refused. `recipient` is shown in it.
[[nodiscard]] std::optional<smtp::Reply> decide_relay(std::span<const Restriction> rules,
                                                      const RelayFacts& facts,
                                                      std::string_view recipient,
                                                      const RelayCodes& codes);

/// Why these settings would make an open relay, or nothing. Proved by asking decide_relay()
/// as a stranger who writes to strangers, and by looking for a `mynetworks` that is the
/// Internet.
[[nodiscard]] std::optional<std::string> find_open_relay(std::span<const Restriction> rules,
                                                         std::span<const Network> mynetworks);

}  // namespace gatepost::policy
