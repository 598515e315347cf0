// SPDX-License-Identifier: Apache-2.0
// server: a report about the full mailboxes that a message which was taken does not come to.
#include "server/left_out.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "log/events.h"
#include "server/injector.h"

namespace gatepost::server {
namespace {

struct Missed {
  mail::Recipient recipient;
  smtp::Reply why;
};

std::vector<Missed> find_missed(const Recipients& recipients) {
  std::vector<Missed> out;
  for (const Recipients::Accepted& accepted : recipients.all()) {
    if (!mail::wants_report(accepted.recipient.notify, mail::Action::Failed)) continue;
    for (const Target& target : accepted.full) {
      out.push_back({Recipients::member(accepted, target), full_for_good(target)});
    }
  }
  return out;
}

std::string report_text(const Floor& floor,
                        const Profile& profile,
                        const LeftOut& message,
                        const std::vector<Missed>& missed) {
  std::vector<mail::Outcome> outcomes;
  for (const Missed& one : missed) {
    outcomes.push_back(
        {.recipient = &one.recipient, .status = one.why.enhanced, .diagnostic = one.why.text});
  }
  const std::string id = std::string(message.id) + "R";
  mail::Report report;
  report.hostname = profile.hostname;
  report.origin = profile.myorigin;
  report.id = id;
  report.item = message.id;
  report.to = &message.envelope.sender;
  report.envelope_id = message.envelope.options.envelope_id;
  report.ret = message.envelope.options.ret;
  report.arrived = message.arrived;
  report.at = floor.clocks.moment();
  report.zone.minutes = floor.clocks.utc_offset_minutes(report.at);
  if (report.zone.minutes != 0) report.zone.name = {};
  report.outcomes = outcomes;
  return mail::format_report(report, message.returned);
}

}  // namespace

bool has_left_out(const Recipients& recipients) {
  return std::any_of(recipients.all().begin(), recipients.all().end(),
                     [](const auto& accepted) { return !accepted.full.empty(); });
}

Task<Result<void>> tell_left_out(Floor& floor,
                                 std::shared_ptr<const Profile> profile,
                                 const LeftOut& message) {
  const std::vector<Missed> missed = find_missed(message.recipients);
  if (missed.empty() || message.envelope.sender.empty()) co_return Result<void>();
  Injection notice;
  notice.envelope.recipients.push_back({message.envelope.sender, {}, {}});
  notice.envelope.options.body = mail::Body::EightBitMime;
  notice.text = report_text(floor, *profile, message, missed);
  notice.service = "bounce";
  Injector injector(floor);
  injector.configure(std::move(profile));
  const auto sent = co_await injector.inject(std::move(notice));
  // Who cannot be told has no mailbox, or none with room: the log says what became of it.
  if (!sent && sent.error().cause != Cause::Permanent) co_return sent.error();
  if (sent) floor.log.emit(log::ReportSent{message.id, *sent, false});
  co_return Result<void>();
}

}  // namespace gatepost::server
