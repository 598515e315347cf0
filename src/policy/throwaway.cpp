// SPDX-License-Identifier: Apache-2.0
// policy: may this sender write to a throw-away address?
#include "policy/throwaway.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::policy {
namespace {

/// Domains told for one address; who comes later is added to none.
constexpr std::size_t kMostLeaks = 20;

bool is_below(std::string_view domain, std::string_view parent) {
  return domain.size() > parent.size() && domain.ends_with(parent) &&
         domain[domain.size() - parent.size() - 1] == '.';
}

}  // namespace

bool is_same_owner(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return false;
  if (a == b) return true;
  const std::string_view parent = a.size() < b.size() ? a : b;
  return parent.find('.') != parent.npos && is_below(a.size() < b.size() ? b : a, parent);
}

Standing judge_throwaway(const mail::Throwaway& alias,
                         const mail::Mailbox& sender,
                         std::int64_t now) {
  if (alias.trap) return Standing::Trap;
  if (alias.expires != 0 && now >= alias.expires) return Standing::Expired;
  if (alias.most_uses != 0 && alias.uses >= alias.most_uses) return Standing::UsedUp;
  const bool bound = alias.binding == mail::Binding::Domain;
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

void count_use(mail::Throwaway& alias, const mail::Mailbox& sender, std::int64_t now) {
  ++alias.uses;
  alias.last_used = now;
  if (alias.binding != mail::Binding::FirstSender || sender.domain.empty()) return;
  alias.binding = mail::Binding::Domain;
  alias.domain = lower(sender.domain);
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
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  const bool plain = std::all_of(label.begin(), label.end(),
                                 [](char c) { return is_alnum(c) || c == '_' || c == '-'; });
  if (!plain) return Error{Cause::Permanent, "a label consists of letters, digits, - and _"};
  std::string out = lower(user);
  if (!label.empty()) out += "." + lower(label);
  out += '-';
  for (int i = 0; i < 4; ++i) {
    out += kLetters[random & 31U];
    random >>= 5U;
  }
  if (out.size() > limits::kLocalPart) {
    return Error{Cause::Permanent, "the label is too long: an address has 64 octets at most"};
  }
  return out;
}

}  // namespace gatepost::policy
