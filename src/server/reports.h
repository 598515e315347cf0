// SPDX-License-Identifier: Apache-2.0
// server: the reports that this program sends about a message (RFC 3464).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "mail/envelope.h"
#include "mail/report.h"
#include "server/floor.h"
#include "server/injector.h"
#include "server/profile.h"

namespace gatepost::server {

/// What a report is about. Everything is borrowed for the call.
struct Reported {
  std::string_view id;
  const mail::Mailbox& to;  ///< Its sender, or postmaster instead.
  const mail::SenderOptions& options;
  Moment arrived;
};

/// The text of the report `report_id`; at least one outcome.
[[nodiscard]] std::string report_text(const Floor& floor,
                                      const Profile& profile,
                                      const Reported& message,
                                      std::string_view report_id,
                                      std::span<const mail::Outcome> outcomes,
                                      const mail::ReturnedText& returned);

/// From <>, so that nothing answers it.
[[nodiscard]] Injection make_notice(const mail::Mailbox& to, std::string text);

}  // namespace gatepost::server
