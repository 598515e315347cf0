// SPDX-License-Identifier: Apache-2.0
// policy: may this sender write to a throw-away address?
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mail/path.h"
#include "mail/throwaway.h"
#include "smtp/steps.h"

namespace gatepost::policy {

enum class Standing : std::uint8_t {
  Open,
  Expired,
  UsedUp,
  Foreign,  ///< The sender is not who it was made for.
  Trap,
};

/// Revoked, or expired a month ago: whoever still writes has it from a list.
[[nodiscard]] bool is_trap(const mail::Throwaway& alias, std::int64_t now);
[[nodiscard]] Standing judge_throwaway(const mail::Throwaway& alias,
                                       const mail::Mailbox& sender,
                                       std::int64_t now);
/// Nothing for Open and for Trap, which looks like an unknown user.
[[nodiscard]] std::optional<smtp::Reply> refuse_throwaway(Standing standing,
                                                          std::string_view recipient);

/// True where both are the same registered domain, or below it: senders change the names below
/// theirs. By a rule of dots, which knows the commonest registries (co.uk) and no list of all.
[[nodiscard]] bool is_same_owner(std::string_view a, std::string_view b);

/// A message is about to be accepted: counts it, and binds.
mail::ThrowawayUse count_use(mail::Throwaway& alias, const mail::Mailbox& sender, std::int64_t now);
/// It was not. The address stays bound where others of that sender were counted after it.
void take_back(mail::Throwaway& alias, const mail::ThrowawayUse& use);
/// Counts a foreign sender. True when that is worth writing down: the first time, and each time
/// the count has doubled, so that a flood of them does not become a flood of writes.
[[nodiscard]] bool count_leak(mail::Throwaway& alias,
                              const mail::Mailbox& sender,
                              std::int64_t now);

/// `alice.netflix-k4x2`, from a user's local part, a label (may be empty) and random octets.
[[nodiscard]] Result<std::string> make_throwaway_name(std::string_view user,
                                                      std::string_view label,
                                                      std::uint32_t random);
/// It could be one that make_throwaway_name() made.
[[nodiscard]] bool is_throwaway_name(std::string_view local);

}  // namespace gatepost::policy
