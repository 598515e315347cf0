// SPDX-License-Identifier: Apache-2.0
// policy: may this sender write to a throw-away address?
#include "policy/throwaway.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::policy {
namespace {

/// Domains told for one address; who comes later is added to none.
constexpr std::size_t kMostLeaks = 20;

/// Honest senders have had 550 5.1.6 this long, in seconds.
constexpr std::int64_t kTrapAge = 30 * 24 * 3600;

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t kRandomLetters = 4;

/// Where registries of countries sell names: shop.co.uk, shop.com.au.
constexpr std::array<std::string_view, 16> kSecondLevels{"ac",   "co",  "com", "edu", "go", "gob",
                                                         "gouv", "gov", "id",  "ltd", "me", "mil",
                                                         "ne",   "net", "or",  "org"};

/// The last `count` labels, or all.
std::string_view last_labels(std::string_view domain, unsigned count) {
  std::size_t at = domain.size();
  for (; count > 0; --count) {
    if (at == 0) return domain;
    at = domain.rfind('.', at - 1);
    if (at == domain.npos) return domain;
  }
  return domain.substr(at + 1);
}

/// What its owner has registered, as far as that can be told without a list of all registries.
std::string_view organisation_of(std::string_view domain) {
  if (domain.starts_with('[')) return domain;
  const std::string_view two = last_labels(domain, 2);
  const std::size_t dot = two.find('.');
  if (dot == two.npos || two.size() - dot - 1 != 2) return two;
  const std::string_view second = two.substr(0, dot);
  const bool registry =
      std::find(kSecondLevels.begin(), kSecondLevels.end(), second) != kSecondLevels.end();
  return registry ? last_labels(domain, 3) : two;
}

}  // namespace

bool is_same_owner(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return false;
  return organisation_of(a) == organisation_of(b);
}

bool is_trap(const mail::Throwaway& alias, std::int64_t now) {
  return alias.trap || (alias.expires != 0 && now - kTrapAge >= alias.expires);
}

Standing judge_throwaway(const mail::Throwaway& alias,
                         const mail::Mailbox& sender,
                         std::int64_t now) {
  if (is_trap(alias, now)) return Standing::Trap;
  if (alias.expires != 0 && now >= alias.expires) return Standing::Expired;
  if (alias.most_uses != 0 && alias.uses >= alias.most_uses) return Standing::UsedUp;
  // Reports about what its owner has sent come from the null sender, and from anywhere.
  const bool bound = alias.binding == mail::Binding::Domain && !sender.empty();
  if (bound && !is_same_owner(lower(sender.domain), alias.domain)) return Standing::Foreign;
  return Standing::Open;
}

std::optional<smtp::Reply> refuse_throwaway(Standing standing, std::string_view recipient) {
  const std::string who = "<" + std::string(recipient) + ">: Recipient address rejected: ";
  switch (standing) {
    case Standing::Open:
    case Standing::Trap:
      break;
    case Standing::Expired:
      return smtp::Reply{550, "5.1.6", who + "Address has expired"};
    case Standing::UsedUp:
      return smtp::Reply{550, "5.1.6", who + "Address is no longer used"};
    case Standing::Foreign:
      return smtp::Reply{550, "5.7.1", who + "Address was given to another sender"};
  }
  return std::nullopt;
}

mail::ThrowawayUse count_use(mail::Throwaway& alias,
                             const mail::Mailbox& sender,
                             std::int64_t now) {
  mail::ThrowawayUse use{alias.address, alias.uses, alias.last_used};
  ++alias.uses;
  alias.last_used = now;
  if (alias.binding == mail::Binding::FirstSender && !sender.domain.empty()) {
    alias.binding = mail::Binding::Domain;
    alias.domain = lower(sender.domain);
    alias.since_bound = 1;
    use.since_bound = true;
  } else if (alias.since_bound > 0) {
    ++alias.since_bound;
    use.since_bound = true;
  }
  return use;
}

void take_back(mail::Throwaway& alias, const mail::ThrowawayUse& use) {
  if (alias.uses == 0) return;
  --alias.uses;
  if (alias.uses == use.uses_before) alias.last_used = use.last_used_before;
  // Bound by one of several at once, none of which came to anything.
  if (!use.since_bound || alias.since_bound == 0 || --alias.since_bound > 0) return;
  alias.binding = mail::Binding::FirstSender;
  alias.domain.clear();
}

bool count_leak(mail::Throwaway& alias, const mail::Mailbox& sender, std::int64_t now) {
  if (sender.domain.empty()) return false;
  const std::string domain = lower(sender.domain);
  const auto found =
      std::find_if(alias.leaks.begin(), alias.leaks.end(),
                   [&domain](const mail::Leak& one) { return one.domain == domain; });
  if (found == alias.leaks.end()) {
    if (alias.leaks.size() >= kMostLeaks) return false;
    alias.leaks.push_back({domain, 1, now});
    return true;
  }
  found->last = now;
  ++found->count;
  return (found->count & (found->count - 1)) == 0;
}

Result<std::string> make_throwaway_name(std::string_view user,
                                        std::string_view label,
                                        std::uint32_t random) {
  const bool plain = std::all_of(label.begin(), label.end(),
                                 [](char c) { return is_alnum(c) || c == '_' || c == '-'; });
  if (!plain) return Error{Cause::Permanent, "a label consists of letters, digits, - and _"};
  std::string out = lower(user);
  if (!label.empty()) out += "." + lower(label);
  out += '-';
  for (std::size_t i = 0; i < kRandomLetters; ++i) {
    out += kLetters[random & 31U];
    random >>= 5U;
  }
  if (out.size() > limits::kLocalPart) {
    return Error{Cause::Permanent, "the label is too long: an address has 64 octets at most"};
  }
  return out;
}

bool is_throwaway_name(std::string_view local) {
  if (local.size() <= kRandomLetters + 1) return false;
  const std::string_view end = local.substr(local.size() - kRandomLetters - 1);
  return end.front() == '-' && std::all_of(end.begin() + 1, end.end(), [](char c) {
           return kLetters.find(to_lower(c)) != kLetters.npos;
         });
}

}  // namespace gatepost::policy
