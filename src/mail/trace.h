// SPDX-License-Identifier: Apache-2.0
// mail: the trace field we put before a message, and dates as mail writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/time.h"
#include "base/tls_facts.h"
#include "mail/path.h"

namespace gatepost::mail {

/// An offset from UTC with its name, both as of the moment that is written.
struct Zone {
  int minutes = 0;                ///< East is positive.
  std::string_view name = "UTC";  ///< Empty: no comment after the date.
};

/// What a Received field says. Everything is borrowed for the call.
struct Trace {
  std::string_view helo;  ///< As sent; empty when the peer did not say.
  std::string_view client_name = "unknown";
  IpAddress client;
  std::string_view protocol = "ESMTP";  ///< "SMTP" or "ESMTP", as the session says.
  bool authenticated = false;           ///< AUTH succeeded (RFC 3848: the A in ESMTPSA).
  std::string_view login;               ///< smtpd_sasl_authenticated_header: who; empty: not told.
  bool hide_client = false;             ///< smtpd_hide_client_session: no name, address or TLS.
  bool smtputf8 = false;          ///< The message was sent with SMTPUTF8 (RFC 6531 section 3.7.3).
  const TlsFacts* tls = nullptr;  ///< Null in the clear.
  bool show_tls = true;  ///< smtpd_tls_received_header: how it is protected, not only that.
  std::string_view hostname;
  std::string_view mail_name = "gatepost";
  std::string_view id;                 ///< The queue id.
  const Mailbox* recipient = nullptr;  ///< Only when there is exactly one (RFC 5321 section 7.2).
  Moment at{};
  Zone zone;
};

/// The whole Received field with its LF line ends (RFC 5321 section 4.4), laid out as
/// Postfix does. No peer text can end a line, a comment or the field.
[[nodiscard]] std::string format_received(const Trace& trace);

/// What a Received field says of a message made on this machine. Everything is borrowed.
struct LocalTrace {
  std::string_view hostname;
  std::string_view mail_name = "gatepost";
  std::string_view id;
  std::optional<std::uint32_t> uid;  ///< Who made it; nothing: the program itself.
  Moment at{};
  Zone zone;
};
[[nodiscard]] std::string format_received(const LocalTrace& trace);

/// The word after "with" (RFC 3848; RFC 6531 section 4.3 for smtputf8).
[[nodiscard]] std::string format_protocol(const Trace& trace);

/// "Sat, 21 Nov 2026 05:40:00 +0000 (UTC)" (RFC 5322 section 3.3).
[[nodiscard]] std::string format_date(Moment at, const Zone& zone);

/// The name a peer gave itself, fit to stand in a header or a log: what is not printable ASCII,
/// and ` <>()\";@`, becomes `?`; cut at 255 octets.
[[nodiscard]] std::string escape_helo(std::string_view helo);

}  // namespace gatepost::mail
