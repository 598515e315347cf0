// SPDX-License-Identifier: Apache-2.0
// server: a report about the full mailboxes that a message which was taken does not come to.
#pragma once

#include <memory>
#include <string_view>

#include "base/task.h"
#include "base/time.h"
#include "mail/envelope.h"
#include "mail/report.h"
#include "server/floor.h"
#include "server/profile.h"
#include "server/recipients.h"

namespace gatepost::server {

/// Everything is borrowed until the task's end.
struct LeftOut {
  const Recipients& recipients;
  const mail::Envelope& envelope;
  std::string_view id;  ///< Of the message.
  Moment arrived;
  const mail::ReturnedText& returned;
};

[[nodiscard]] bool has_left_out(const Recipients& recipients);

/// The message is durable, and not accepted yet. Makes the report to the sender durable; nothing is
/// sent to <>, and to those who asked for none (RFC 3461). A report that cannot be stored is in the
/// log; the message is not taken back for it, or it would come twice. `floor` outlives the task.
[[nodiscard]] Task<void> tell_left_out(Floor& floor,
                                       std::shared_ptr<const Profile> profile,
                                       const LeftOut& message);

}  // namespace gatepost::server
