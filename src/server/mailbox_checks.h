// SPDX-License-Identifier: Apache-2.0
// server: what the mailboxes of a recipient say before mail for them is accepted.
#pragma once

#include <cstdint>
#include <optional>

#include "base/task.h"
#include "mail/path.h"
#include "server/directory.h"
#include "server/floor.h"
#include "server/profile.h"
#include "server/recipients.h"
#include "smtp/steps.h"

namespace gatepost::server {

/// Moves the mailboxes without room for `octets` from the recipient's `found` to its `full`.
/// Postmaster and abuse always have room. All arguments outlive the task.
[[nodiscard]] Task<void> leave_out_full(Floor& floor,
                                        Recipients::Accepted& recipient,
                                        std::uint64_t octets);

/// At RCPT: leave_out_full() for a message of `declared` octets (0: not told, then any), and a reply
/// when nobody is left, or the servers that the others are handed to would refuse it. Those are not
/// asked when anybody else behind the recipient takes it. All arguments outlive the task.
[[nodiscard]] Task<std::optional<smtp::Reply>> check_mailboxes(Floor& floor,
                                                               const Profile& profile,
                                                               Recipients::Accepted& recipient,
                                                               const mail::Mailbox& sender,
                                                               std::uint64_t declared);

/// At the end of the text: a reply when none of those it is for has room for its `octets`. Where
/// only some have none it goes to all (decision 0018).
[[nodiscard]] Task<std::optional<smtp::Reply>> check_room(Floor& floor,
                                                          const Profile& profile,
                                                          const Recipients& recipients,
                                                          std::uint64_t octets);

/// Puts a message into the mailboxes that `stored` brought close to their limits. A failure is
/// logged; the message that was stored is not touched by it.
[[nodiscard]] Task<void> warn_nearly_full(Floor& floor,
                                          const Profile& profile,
                                          const std::vector<storage::LocalCopy>& copies,
                                          const storage::Stored& stored);

}  // namespace gatepost::server
