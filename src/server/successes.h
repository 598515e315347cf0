// SPDX-License-Identifier: Apache-2.0
// server: reports about mail that has arrived, for senders who ask for them (NOTIFY=SUCCESS).
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/task.h"
#include "base/time.h"
#include "mail/envelope.h"
#include "mail/report.h"
#include "server/floor.h"
#include "server/profile.h"
#include "server/recipients.h"
#include "storage/mail_store.h"

namespace gatepost::server {

/// Everything is borrowed until the task's end.
struct Arrived {
  const Recipients& recipients;
  const mail::Mailbox& sender;
  const mail::SenderOptions& options;
  std::string_view id;
  Moment arrived;
  const mail::ReturnedText& returned;  ///< Its header at least.
  std::span<const storage::PutOff> put_off;
};

/// Somebody asked to be told of success.
[[nodiscard]] bool wants_success(const Recipients& recipients);

/// The message is durable. Says "delivered" of recipients whose one mailbox has it, and "expanded" of
/// those that lead to several addresses, whose owner alone knows them (RFC 3461 section 5.2.7). Of what
/// waits in the queue whoever delivers it tells. A report that cannot be stored is in the log;
/// the message is not taken back for it. `floor` outlives the task.
[[nodiscard]] Task<void> tell_successes(Floor& floor,
                                        std::shared_ptr<const Profile> profile,
                                        const Arrived& message);

}  // namespace gatepost::server
