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

/// The extensions named in a list as smtpd_discard_ehlo_keywords has it, in any case, with
/// silent-discard. Other words are of extensions that are never offered.
[[nodiscard]] ExtensionSet parse_extensions(std::string_view list);
/// Their keywords, separated by spaces.
[[nodiscard]] std::string format_extensions(ExtensionSet set);

[[nodiscard]] constexpr ExtensionSet extension_bit(Extension extension) {
  return ExtensionSet{1} << static_cast<unsigned>(extension);
}

/// It is not among those that are hidden from this client.
[[nodiscard]] inline bool is_hidden(Extension extension,
                                    const SessionSettings& settings,
                                    const PeerFacts& peer) {
  return (peer.hidden.value_or(settings.hidden) & extension_bit(extension)) != 0;
}

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
