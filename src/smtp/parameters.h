// SPDX-License-Identifier: Apache-2.0
// smtp: the parameters of MAIL and RCPT (RFC 5321 section 4.1.2 and the extensions).
#pragma once

#include <optional>
#include <string_view>

#include "mail/envelope.h"
#include "smtp/server_session.h"
#include "smtp/steps.h"

namespace gatepost::smtp {

/// Reads what follows the reverse-path into `out`. A reply is the refusal, and `out` is of no
/// use then. The size is compared with the limit here.
[[nodiscard]] std::optional<Reply> parse_sender_options(std::string_view text,
                                                        const SessionSettings& settings,
                                                        const PeerFacts& peer,
                                                        mail::SenderOptions& out);

/// The same after a forward-path; `utf8`: the transaction has SMTPUTF8.
[[nodiscard]] std::optional<Reply> parse_recipient_options(std::string_view text,
                                                           const SessionSettings& settings,
                                                           const PeerFacts& peer,
                                                           bool utf8,
                                                           mail::Recipient& out);

}  // namespace gatepost::smtp
