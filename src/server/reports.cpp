// SPDX-License-Identifier: Apache-2.0
// server: the reports that this program sends about a message (RFC 3464).
#include "server/reports.h"

#include <string>
#include <utility>
#include <vector>

#include "server/disclosure.h"

namespace gatepost::server {

std::string report_text(const Floor& floor,
                        const Profile& profile,
                        const Reported& message,
                        std::string_view report_id,
                        std::span<const mail::Outcome> outcomes,
                        const mail::ReturnedText& returned) {
  std::vector<Shown> shown;
  shown.reserve(outcomes.size());  // Outcomes borrow from it.
  std::vector<mail::Outcome> told(outcomes.begin(), outcomes.end());
  for (mail::Outcome& one : told) {
    shown.push_back(shown_of(one));
    one.recipient = &shown.back().recipient;
    one.diagnostic = shown.back().diagnostic;
    one.remote = shown.back().remote;
  }
  mail::Report report;
  report.hostname = profile.hostname;
  report.origin = profile.myorigin;
  report.id = report_id;
  report.item = message.id;
  report.to = &message.to;
  report.envelope_id = message.options.envelope_id;
  report.ret = message.options.ret;
  report.smtputf8 = message.options.smtputf8;
  report.arrived = message.arrived;
  report.at = floor.clocks.moment();
  report.zone.minutes = floor.clocks.utc_offset_minutes(report.at);
  if (report.zone.minutes != 0) report.zone.name = {};
  report.outcomes = told;
  return mail::format_report(report, returned);
}

Injection make_notice(const mail::Mailbox& to, std::string text) {
  Injection out;
  out.envelope.recipients.push_back({to, {}, {}});
  out.envelope.options.body = mail::Body::EightBitMime;
  out.text = std::move(text);
  out.service = "bounce";
  return out;
}

}  // namespace gatepost::server
