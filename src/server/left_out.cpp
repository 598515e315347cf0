// SPDX-License-Identifier: Apache-2.0
// server: a report about the full mailboxes that a message which was taken does not come to.
#include "server/left_out.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "log/events.h"
#include "server/injector.h"
#include "server/reports.h"

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

std::vector<mail::Outcome> outcomes_of(const std::vector<Missed>& missed) {
  std::vector<mail::Outcome> out;
  for (const Missed& one : missed) {
    out.push_back(
        {.recipient = &one.recipient, .status = one.why.enhanced, .diagnostic = one.why.text});
  }
  return out;
}

}  // namespace

bool has_left_out(const Recipients& recipients) {
  return std::any_of(recipients.all().begin(), recipients.all().end(),
                     [](const auto& accepted) { return !accepted.full.empty(); });
}

Task<void> tell_left_out(Floor& floor,
                         std::shared_ptr<const Profile> profile,
                         const LeftOut& message) {
  const std::vector<Missed> missed = find_missed(message.recipients);
  if (missed.empty() || message.envelope.sender.empty()) co_return;
  const mail::Envelope& envelope = message.envelope;
  const Reported about{message.id, envelope.sender, envelope.options, message.arrived};
  const std::string report_id = std::string(message.id) + "R";
  std::string text =
      report_text(floor, *profile, about, report_id, outcomes_of(missed), message.returned);
  Injection notice = make_notice(envelope.sender, std::move(text));
  Injector injector(floor);
  injector.configure(std::move(profile));
  const auto sent = co_await injector.inject(std::move(notice));
  if (sent) {
    floor.log.emit(log::ReportSent{message.id, *sent, false});
  } else if (sent.error().cause != Cause::Permanent) {
    floor.log.emit(log::StorageFailed{message.id, "report", sent.error().detail});
  }
  // Else the sender has no mailbox, or none with room: that the mail bounced is in the log.
}

}  // namespace gatepost::server
