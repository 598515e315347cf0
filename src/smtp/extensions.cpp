// SPDX-License-Identifier: Apache-2.0
// smtp: the extensions, one row each: keyword, parameters it admits, when it is offered.
#include "smtp/extensions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace gatepost::smtp {
namespace {

constexpr std::array<ExtensionRow, 12> kRows{{
    {Extension::Pipelining, "PIPELINING", "", "", "RFC 2920"},
    {Extension::Size, "SIZE", "SIZE", "", "RFC 1870"},
    {Extension::Vrfy, "VRFY", "", "", "RFC 5321 section 3.5"},
    {Extension::Starttls, "STARTTLS", "", "", "RFC 3207"},
    {Extension::Auth, "AUTH", "AUTH", "", "RFC 4954"},
    {Extension::EnhancedStatusCodes, "ENHANCEDSTATUSCODES", "", "", "RFC 2034"},
    {Extension::EightBitMime, "8BITMIME", "BODY", "", "RFC 6152"},
    {Extension::Dsn, "DSN", "RET ENVID", "NOTIFY ORCPT", "RFC 3461"},
    {Extension::SmtpUtf8, "SMTPUTF8", "SMTPUTF8", "", "RFC 6531"},
    {Extension::Chunking, "CHUNKING", "", "", "RFC 3030"},
    {Extension::Help, "HELP", "", "", "RFC 5321 section 4.1.1.8"},
    {Extension::Limits, "LIMITS", "", "", "RFC 9422"},
}};

// The keyword stands in `out`. AUTH= is for clients older than RFC 2554.
void append_mechanisms(std::string& out, const SessionSettings& settings, const PeerFacts& peer) {
  std::string names;
  for (const std::string& name : auth_offers(settings, peer)) names += ' ' + name;
  out += names;
  if (!settings.auth_broken_clients) return;
  names.front() = '=';
  out += "\nAUTH" + names;
}

bool lists(std::string_view parameters, std::string_view wanted) {
  while (!parameters.empty()) {
    if (iequals(take_word(parameters, " "), wanted)) return true;
  }
  return false;
}

bool admits(std::string_view ExtensionRow::*list,
            std::string_view parameter,
            const SessionSettings& settings,
            const PeerFacts& peer) {
  return std::any_of(kRows.begin(), kRows.end(), [&](const ExtensionRow& row) {
    return lists(row.*list, parameter) && is_offered(row.extension, settings, peer);
  });
}

}  // namespace

std::span<const ExtensionRow> extensions() {
  return kRows;
}

ExtensionSet parse_extensions(std::string_view list) {
  ExtensionSet out = 0;
  while (!list.empty()) {
    const std::string_view word = take_word(list, ", \t\r\n");
    if (iequals(word, "silent-discard")) out |= kSilent;
    for (const ExtensionRow& row : kRows) {
      if (iequals(row.keyword, word)) out |= extension_bit(row.extension);
    }
  }
  return out;
}

std::string format_extensions(ExtensionSet set) {
  std::string out;
  for (const ExtensionRow& row : kRows) {
    if ((set & extension_bit(row.extension)) == 0) continue;
    if (!out.empty()) out += ' ';
    out += row.keyword;
  }
  return out;
}

bool is_offered(Extension extension, const SessionSettings& settings, const PeerFacts& peer) {
  if (is_hidden(extension, settings, peer)) return false;
  switch (extension) {
    case Extension::Vrfy:
      return settings.vrfy;
    case Extension::Starttls:
      return settings.starttls_offered && !peer.secured;
    case Extension::Auth:
      return !peer.auth_hidden && !auth_offers(settings, peer).empty();
    case Extension::Limits:
      return settings.recipient_limit > 0;
    case Extension::Pipelining:
      return !peer.watch.on;
    case Extension::Size:
    case Extension::EnhancedStatusCodes:
    case Extension::EightBitMime:
    case Extension::Dsn:
    case Extension::SmtpUtf8:
    case Extension::Chunking:
    case Extension::Help:
      return true;
  }
  std::unreachable();
}

std::span<const std::string> auth_offers(const SessionSettings& settings, const PeerFacts& peer) {
  if (peer.secured) return settings.auth_mechanisms_tls;
  if (settings.auth_tls_only) return {};
  return settings.auth_mechanisms;
}

std::string format_ehlo(const SessionSettings& settings, const PeerFacts& peer) {
  std::string out = settings.hostname;
  for (const ExtensionRow& row : kRows) {
    if (!is_offered(row.extension, settings, peer)) continue;
    out += '\n';
    out += row.keyword;
    if (row.extension == Extension::Auth) append_mechanisms(out, settings, peer);
    if (row.extension == Extension::Size && settings.message_size_limit > 0) {
      out += ' ' + format_number(settings.message_size_limit);
    }
    if (row.extension == Extension::Limits) {
      out += " RCPTMAX=" + format_number(settings.recipient_limit);
    }
  }
  return out;
}

bool admits_mail(std::string_view parameter,
                 const SessionSettings& settings,
                 const PeerFacts& peer) {
  return admits(&ExtensionRow::mail, parameter, settings, peer);
}

bool admits_rcpt(std::string_view parameter,
                 const SessionSettings& settings,
                 const PeerFacts& peer) {
  return admits(&ExtensionRow::rcpt, parameter, settings, peer);
}

}  // namespace gatepost::smtp
