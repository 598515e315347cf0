// SPDX-License-Identifier: Apache-2.0
// mail: the trace field we put before a message, and dates as mail writes them.
#include "mail/trace.h"

#include <array>
#include <chrono>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"

namespace gatepost::mail {
namespace {

constexpr std::size_t kFact = 64;  // Octets of one TLS fact; they come from our own tables.

// TLS facts stand in a comment, where parentheses may only be our own. Key names carry a
// balanced pair, "RSA-PSS (2048 bits)", so pairs stay and nothing else needs to go.
void append_tls(std::string& out, const TlsFacts& tls) {
  append_format(out, "\t(using {} with cipher {} ({}/{} bits)", printable(tls.protocol, kFact),
                printable(tls.cipher, kFact), tls.used_bits, tls.algorithm_bits);
  if (!tls.key_exchange.empty()) {
    append_format(out, "\n\t key-exchange {}", printable(tls.key_exchange, kFact));
    if (!tls.server_signature.empty()) {
      append_format(out, " server-signature {}", printable(tls.server_signature, kFact));
    }
    if (!tls.server_digest.empty()) {
      append_format(out, " server-digest {}", printable(tls.server_digest, kFact));
    }
  }
  out += ")\n\t(No client certificate requested)\n";
}

// An address may be UTF-8 in the header of an SMTPUTF8 message; control characters never occur
// in a parsed mailbox, and yet this is the last gate before the disk.
std::string safe_address(const Mailbox& mailbox) {
  std::string out = mailbox.text();
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return out;
}

}  // namespace

namespace {

// A login stands in a comment as a name does, and holds an @ as a rule.
std::string escape_helo_but_at(std::string_view login) {
  std::string out;
  for (;;) {
    const std::size_t at = login.find('@');
    out += escape_helo(login.substr(0, at));
    if (at == login.npos) return out;
    out += '@';
    login.remove_prefix(at + 1);
  }
}

}  // namespace

std::string escape_helo(std::string_view helo) {
  std::string out = printable(helo, limits::kDomain);
  for (char& c : out) {
    if (std::string_view(" <>()\\\";@").find(c) != std::string_view::npos) c = '?';
  }
  return out;
}

std::string format_protocol(const Trace& trace) {
  std::string out = trace.smtputf8 ? "UTF8SMTP" : std::string(trace.protocol);
  // RFC 3848 knows no SMTPS: STARTTLS needs EHLO, but implicit TLS may be followed by HELO.
  if (trace.tls != nullptr) out += 'S';
  if (trace.authenticated) out += 'A';
  return out;
}

std::string format_received(const Trace& trace) {
  const std::string name = escape_helo(trace.client_name);
  std::string out = "Received: ";
  if (!trace.hide_client) {
    append_format(out, "from {} ({} {})\n", trace.helo.empty() ? name : escape_helo(trace.helo),
                  name, trace.client.literal());
    if (trace.tls != nullptr && trace.show_tls) append_tls(out, *trace.tls);
    if (!trace.login.empty()) {
      append_format(out, "\t(Authenticated sender: {})\n", escape_helo_but_at(trace.login));
    }
    out += '\t';
  }
  append_format(out, "by {} ({}) with {} id {}", trace.hostname, trace.mail_name,
                format_protocol(trace), trace.id);
  if (trace.recipient != nullptr) {
    append_format(out, "\n\tfor <{}>; ", safe_address(*trace.recipient));
  } else {
    out += ";\n\t";
  }
  out += format_date(trace.at, trace.zone);
  out += '\n';
  return out;
}

std::string format_received(const LocalTrace& trace) {
  std::string out = format("Received: by {} ({}", trace.hostname, trace.mail_name);
  if (trace.uid) append_format(out, ", from userid {}", *trace.uid);
  append_format(out, ")\n\tid {}; {}\n", trace.id, format_date(trace.at, trace.zone));
  return out;
}

std::string format_date(Moment at, const Zone& zone) {
  using std::chrono::floor;
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto local = at + std::chrono::minutes(zone.minutes);
  const auto day = floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(floor<std::chrono::seconds>(local - day));
  const unsigned offset = static_cast<unsigned>(zone.minutes < 0 ? -zone.minutes : zone.minutes);
  std::string out =
      format("{}, {:02} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}",
             kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
             kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
             time.hours().count(), time.minutes().count(), time.seconds().count(),
             zone.minutes < 0 ? '-' : '+', offset / 60, offset % 60);
  if (!zone.name.empty()) append_format(out, " ({})", escape_helo(zone.name));
  return out;
}

}  // namespace gatepost::mail
