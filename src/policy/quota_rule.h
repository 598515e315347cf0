// SPDX-License-Identifier: Apache-2.0
// policy: how much a user's mailbox may hold, in the words of Dovecot's quota rules.
#pragma once

#include <string_view>

#include "base/result.h"
#include "mail/quota.h"
#include "policy/users.h"

namespace gatepost::policy {

/// Reads a rule such as `*:storage=1G:messages=1000`. `storage` counts in kibibytes unless a
/// suffix b, k, M, G, T or % says otherwise; `bytes` in octets; zero is no limit. A rule for a
/// mailbox other than `*` or `?` limits nothing here, nor does one with `noquota`. Permanent, with
/// what is wrong, for anything else; a share (%) or a difference (+, -) has no meaning for `*`.
[[nodiscard]] Result<mail::QuotaLimits> parse_quota_rule(std::string_view rule);

/// The limits of a user: the extra fields userdb_quota_storage_size and userdb_quota_message_count
/// of Dovecot 2.4 (octets unless a suffix says otherwise; "unlimited"), else userdb_quota_rule, or quota_rule, with those that follow
/// (userdb_quota_rule2 ...), else `fallback`. A field that cannot be read is an error.
[[nodiscard]] Result<mail::QuotaLimits> quota_of(const User& user,
                                                 const mail::QuotaLimits& fallback);

}  // namespace gatepost::policy
