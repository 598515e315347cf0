// SPDX-License-Identifier: Apache-2.0
// smtp: the extensions, one row each: keyword, parameters it admits, when it is offered.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "smtp/server_session.h"

namespace gatepost::smtp {

/// In the order in which EHLO lists them, which is Postfix's.
enum class Extension : std::uint8_t {
  Pipelining,
  Size,
  Vrfy,
  Starttls,
  Auth,
  EnhancedStatusCodes,
  EightBitMime,
  Dsn,
  SmtpUtf8,
  Chunking,
  Help,
  Limits,
};

struct ExtensionRow {
  Extension extension;
  std::string_view keyword;
  std::string_view mail;    ///< Parameters of MAIL it admits, separated by spaces.
  std::string_view rcpt;    ///< Parameters of RCPT.
  std::string_view clause;  ///< Where it is defined.
};

[[nodiscard]] std::span<const ExtensionRow> extensions();

/// What EHLO offers now.
[[nodiscard]] bool is_offered(Extension extension,
                              const SessionSettings& settings,
                              const PeerFacts& peer);

/// The mechanisms AUTH offers now; none where there is no AUTH (smtpd_tls_auth_only, or a client
/// it is hidden from, who may use it all the same).
[[nodiscard]] std::span<const std::string> auth_offers(const SessionSettings& settings,
                                                       const PeerFacts& peer);

/// The text of the EHLO reply: the host name and one line for each extension offered.
[[nodiscard]] std::string format_ehlo(const SessionSettings& settings, const PeerFacts& peer);

/// True when an offered extension admits this parameter (any case).
[[nodiscard]] bool admits_mail(std::string_view parameter,
                               const SessionSettings& settings,
                               const PeerFacts& peer);
[[nodiscard]] bool admits_rcpt(std::string_view parameter,
                               const SessionSettings& settings,
                               const PeerFacts& peer);

}  // namespace gatepost::smtp
