// SPDX-License-Identifier: Apache-2.0
// policy: which users of this machine may send with sendmail(1): authorized_submit_users.
#include "policy/submitters.h"

namespace gatepost::policy {
namespace {

constexpr std::string_view kEverybody = "static:";

bool take_negation(std::string_view& entry) {
  const bool negated = entry.starts_with('!');
  if (negated) entry.remove_prefix(1);
  return negated;
}

}  // namespace

bool is_submitter_entry(std::string_view entry) {
  take_negation(entry);
  if (entry.starts_with(kEverybody)) return entry.size() > kEverybody.size();
  return !entry.empty() && entry.find_first_of(":/!") == entry.npos;
}

bool may_submit(std::span<const std::string> entries, std::string_view login) {
  for (const std::string& each : entries) {
    std::string_view entry(each);
    const bool negated = take_negation(entry);
    if (entry.starts_with(kEverybody) || (!login.empty() && entry == login)) return !negated;
  }
  return false;
}

}  // namespace gatepost::policy
