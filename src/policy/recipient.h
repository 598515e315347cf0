// SPDX-License-Identifier: Apache-2.0
// policy: which recipients exist, in words for the peer.
#pragma once

#include <cstdint>
#include <string_view>

#include "mail/path.h"
#include "policy/relay.h"
#include "smtp/steps.h"

namespace gatepost::policy {

/// How an unknown recipient is refused.
struct UnknownUser {
  std::uint16_t local_code = 550;    ///< unknown_local_recipient_reject_code
  std::uint16_t virtual_code = 550;  ///< unknown_virtual_mailbox_reject_code
  std::uint16_t relay_code = 550;    ///< unknown_relay_recipient_reject_code
  bool show_table = true;            ///< show_user_unknown_table_name
  std::uint16_t alias_code = 550;    ///< unknown_virtual_alias_reject_code
};

/// `<x@y>: Recipient address rejected: User unknown in local recipient table`, with 5.1.1 (or
/// 4.1.1 for a 4yz code). `domain` is not Other.
[[nodiscard]] smtp::Reply unknown_user_reply(std::string_view recipient,
                                             DomainClass domain,
                                             const UnknownUser& how);

/// The local part is postmaster in any case (RFC 5321 section 4.5.1).
[[nodiscard]] bool is_postmaster(const mail::Mailbox& mailbox);

}  // namespace gatepost::policy
