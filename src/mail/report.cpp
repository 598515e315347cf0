// SPDX-License-Identifier: Apache-2.0
// mail: reports about delivery, for the sender of a message (RFC 3464).
#include "mail/report.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "mail/header.h"

namespace gatepost::mail {
namespace {

// A field's line is no longer than RFC 5322 section 2.1.1 allows, whatever a peer said.
constexpr std::size_t kMostDiagnostic = 900;

struct ActionRow {
  std::string_view name;
  std::string_view subject;
  std::string_view words;
};

constexpr std::array<ActionRow, 5> kActions{{
    {"failed", "Undelivered Mail Returned to Sender",
     "Your message could not be delivered to the recipients below. This is final: it\n"
     "will not be tried again. The reason stands behind each address.\n"},
    {"delayed", "Delayed Mail (still being retried)",
     "THIS IS A WARNING ONLY. YOU DO NOT NEED TO SEND YOUR MESSAGE AGAIN.\n\n"
     "Your message could not be delivered so far. It will be tried again.\n"},
    {"delivered", "Successful Mail Delivery Report",
     "Your message was delivered to the recipients below, as you asked to be told.\n"},
    {"relayed", "Successful Mail Delivery Report",
     "Your message was handed to the next mail system, which does not tell more.\n"},
    {"expanded", "Successful Mail Delivery Report",
     "Your message was delivered to the addresses behind the recipients below.\n"},
}};

const ActionRow& row_of(Action action) {
  return kActions[static_cast<std::size_t>(action)];
}

/// One line, whatever is in it.
std::string one_line(std::string_view text) {
  std::string out(text.substr(0, kMostDiagnostic));
  for (char& c : out) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet == 0x7f) c = ' ';
  }
  return out;
}

void append_address(std::string& out, std::string_view field, const Mailbox& mailbox) {
  const std::string text = one_line(mailbox.text());
  append_format(out, "{}: {};{}\n", field, is_ascii(text) ? "rfc822" : "utf-8", text);
}

void append_outcome(std::string& out, const Outcome& outcome) {
  append_address(out, "\nFinal-Recipient", outcome.recipient->mailbox);
  if (!outcome.recipient->original.empty()) {
    append_format(out, "Original-Recipient: {}\n", one_line(outcome.recipient->original));
  }
  append_format(out, "Action: {}\nStatus: {}\n", row_of(outcome.action).name, outcome.status);
  const bool other = !outcome.remote.empty();
  if (other) append_format(out, "Remote-MTA: dns; {}\n", one_line(outcome.remote));
  if (!outcome.diagnostic.empty()) {
    // RFC 3464 section 2.3.6: smtp is for what another host said; ours is a type of our own.
    append_format(out, "Diagnostic-Code: {}; {}\n", other ? "smtp" : "X-Gatepost",
                  printable(outcome.diagnostic, kMostDiagnostic));
  }
  if (!outcome.retry_until_field.empty()) {
    append_format(out, "Will-Retry-Until: {}\n", one_line(outcome.retry_until_field));
  }
}

void append_words(std::string& out, const Report& report) {
  append_format(out, "This is the mail system at host {}.\n\n{}\n", report.hostname,
                row_of(report.outcomes.front().action).words);
  out += "For help write to postmaster and add this report.\n\n";
  for (const Outcome& outcome : report.outcomes) {
    append_format(out, "<{}>: ", one_line(outcome.recipient->mailbox.text()));
    if (!outcome.remote.empty()) append_format(out, "host {} said: ", one_line(outcome.remote));
    append_format(out, "{}\n", one_line(outcome.diagnostic));
  }
}

/// A line no part contains; nearly always the first that is tried.
std::string find_boundary(const Report& report, std::string_view returned) {
  const auto micros = report.at.time_since_epoch().count();
  for (std::uint64_t n = 0;; ++n) {
    std::string boundary = format("{}.{}/{}", report.id, micros + static_cast<std::int64_t>(n),
                                  report.hostname.substr(0, 40));
    if (returned.find(boundary) == returned.npos) return boundary;
  }
}

bool has_high(const Report& report) {
  return std::any_of(report.outcomes.begin(), report.outcomes.end(), [](const Outcome& outcome) {
    return !is_ascii(outcome.recipient->mailbox.text()) || !is_ascii(outcome.recipient->original);
  });
}

/// RFC 5322 section 3.6.4, in its plain form; others may say whatever they like in that field.
bool is_message_id(std::string_view text) {
  if (text.size() < 5 || text.size() > kMostDiagnostic) return false;
  if (text.front() != '<' || text.back() != '>') return false;
  const std::string_view inner = text.substr(1, text.size() - 2);
  const std::size_t at = inner.rfind('@');
  if (at == inner.npos || at == 0 || at + 1 == inner.size()) return false;
  return std::all_of(inner.begin(), inner.end(),
                     [](char c) { return c > 0x20 && c < 0x7f && c != '<' && c != '>'; });
}

/// So that the report stands with the message it is about.
void append_references(std::string& out, std::string_view header) {
  HeaderScanner scanner(limits::kTextBuffer);
  scanner.feed(header);
  scanner.finish();
  const std::string& id = scanner.message_id();
  if (is_message_id(id)) append_format(out, "In-Reply-To: {}\nReferences: {}\n", id, id);
}

/// What the third part is, by `header`, the message's own.
struct ReturnedKind {
  std::string_view description;
  std::string_view type;
};

ReturnedKind kind_of(const Report& report, std::string_view header, bool whole) {
  const bool failed = report.outcomes.front().action == Action::Failed;
  // RFC 6533 section 3; octets that are no UTF-8 are of no known form, and were never better than
  // message/rfc822.
  const bool global = (report.smtputf8 || !is_ascii(header)) && is_utf8(header);
  if (whole) {
    return {failed ? "Undelivered Message" : "Message",
            global ? "message/global" : "message/rfc822"};
  }
  return {failed ? "Undelivered Message Headers" : "Message Headers",
          global ? "message/global-headers" : "text/rfc822-headers"};
}

void append_header(std::string& out,
                   const Report& report,
                   std::string_view header,
                   std::string_view boundary) {
  const std::string date = format_date(report.at, report.zone);
  append_format(out, "Date: {}\nFrom: MAILER-DAEMON@{} (Mail Delivery System)\n", date,
                report.origin);
  append_format(out, "Subject: {}\nTo: {}\n", row_of(report.outcomes.front().action).subject,
                one_line(report.to->text()));
  // RFC 3834 section 5: no automaton shall answer.
  out += "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n";
  append_format(out,
                "Content-Type: multipart/report; report-type=delivery-status;\n"
                "\tboundary=\"{}\"\n",
                boundary);
  append_format(out, "Content-Transfer-Encoding: 8bit\nMessage-ID: <{}.{}@{}>\n", report.id,
                report.at.time_since_epoch().count() / 1'000'000, report.hostname);
  append_references(out, header);
  out += '\n';
}

void append_fields(std::string& out, const Report& report) {
  append_format(out, "\nReporting-MTA: dns; {}\n", report.hostname);
  if (!report.envelope_id.empty()) {
    append_format(out, "Original-Envelope-Id: {}\n", one_line(report.envelope_id));
  }
  if (!report.item.empty()) append_format(out, "X-Gatepost-Queue-ID: {}\n", report.item);
  append_format(out, "Arrival-Date: {}\n", format_date(report.arrived, report.zone));
  for (const Outcome& outcome : report.outcomes) append_outcome(out, outcome);
}

}  // namespace

void ReturnedText::feed(std::string_view text) {
  const std::size_t room = kMostReturned - kept_.size();
  cut_ = cut_ || text.size() > room;
  kept_ += text.substr(0, room);
}

std::string_view ReturnedText::choose(Return ret) const {
  const std::string_view all(kept_);
  if (is_whole(ret)) return all;
  if (all.starts_with('\n')) return {};
  const std::size_t end = all.find("\n\n");
  if (end != all.npos) return all.substr(0, end + 1);
  // A header that was cut ends with its last whole line.
  return all.substr(0, all.rfind('\n') + 1);
}

bool wants_report(const Notify& notify, Action action) {
  if (notify.never) return false;
  const bool unstated = !notify.stated();
  switch (action) {
    case Action::Failed:
      return unstated || notify.failure;
    case Action::Delayed:
      return unstated || notify.delay;
    case Action::Delivered:
    case Action::Relayed:
    case Action::Expanded:
      return notify.success;
  }
  __builtin_unreachable();
}

std::string format_report(const Report& report, const ReturnedText& returned) {
  const std::string_view text = returned.choose(report.ret);
  const bool whole = returned.is_whole(report.ret);
  const std::string_view header = returned.choose(Return::Headers);
  const ReturnedKind kind = kind_of(report, header, whole);
  // RFC 6533 section 3: addresses past ASCII need the internationalized forms.
  const bool global =
      report.smtputf8 || kind.type.starts_with("message/global") || has_high(report);
  const std::string boundary = find_boundary(report, text);
  std::string out;
  out.reserve(text.size() + 4096);
  append_header(out, report, header, boundary);
  append_format(out, "This is a MIME-encapsulated message.\n\n--{}\n", boundary);
  out +=
      "Content-Description: Notification\nContent-Type: text/plain; charset=utf-8\n"
      "Content-Transfer-Encoding: 8bit\n\n";
  append_words(out, report);
  append_format(out,
                "\n--{}\nContent-Description: Delivery report\n"
                "Content-Type: message/{}delivery-status\n",
                boundary, global ? "global-" : "");
  if (global) out += "Content-Transfer-Encoding: 8bit\n";
  append_fields(out, report);
  append_format(out, "\n--{}\nContent-Description: {}\nContent-Type: {}\n", boundary,
                kind.description, kind.type);
  if (!is_ascii(text)) out += "Content-Transfer-Encoding: 8bit\n";
  append_format(out, "\n{}\n--{}--\n", text, boundary);
  return out;
}

}  // namespace gatepost::mail
