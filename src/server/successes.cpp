// SPDX-License-Identifier: Apache-2.0
// server: reports about mail that has arrived, for senders who ask for them (NOTIFY=SUCCESS).
#include "server/successes.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "log/events.h"
#include "server/injector.h"
#include "server/reports.h"

namespace gatepost::server {
namespace {

constexpr std::array kArrivals{mail::Action::Delivered, mail::Action::Expanded};

/// Its one mailbox has the message.
bool is_stored(const Recipients::Accepted& accepted, std::span<const storage::PutOff> put_off) {
  if (accepted.found.mailboxes.size() != 1 || !accepted.full.empty()) return false;
  const Target& target = accepted.found.mailboxes.front();
  return !target.handed_over && Recipients::find_put_off(put_off, target) == nullptr;
}

std::vector<mail::Outcome> find_arrived(const Arrived& message, mail::Action action) {
  std::vector<mail::Outcome> out;
  for (const Recipients::Accepted& accepted : message.recipients.all()) {
    if (!mail::wants_report(accepted.recipient.notify, action)) continue;
    const bool one = !Recipients::is_expanded(accepted);
    if (one != (action == mail::Action::Delivered)) continue;
    if (one && !is_stored(accepted, message.put_off)) continue;
    if (accepted.found.mailboxes.empty() && accepted.found.others.empty()) continue;
    out.push_back({.recipient = &accepted.recipient,
                   .action = action,
                   .status = "2.0.0",
                   .diagnostic = one ? "delivered to maildir" : "alias expanded"});
  }
  return out;
}

}  // namespace

bool wants_success(const Recipients& recipients) {
  return std::any_of(recipients.all().begin(), recipients.all().end(), [](const auto& accepted) {
    return mail::wants_report(accepted.recipient.notify, mail::Action::Delivered);
  });
}

Task<void> tell_successes(Floor& floor,
                          std::shared_ptr<const Profile> profile,
                          const Arrived& message) {
  if (message.sender.empty()) co_return;
  // RFC 3461 section 4.3: RET= is about failures.
  mail::SenderOptions options = message.options;
  options.ret = mail::Return::Headers;
  const Reported about{message.id, message.sender, options, message.arrived};
  for (const mail::Action action : kArrivals) {
    const std::vector<mail::Outcome> outcomes = find_arrived(message, action);
    if (outcomes.empty()) continue;
    const std::string report_id = floor.ids.next(floor.clocks.moment());
    std::string text = report_text(floor, *profile, about, report_id, outcomes, message.returned);
    Injector injector(floor);
    injector.configure(profile);
    Injection notice = make_notice(message.sender, std::move(text));
    const auto sent = co_await injector.inject(std::move(notice));
    if (sent) {
      floor.log.emit(log::ReportSent{message.id, *sent, false, true});
    } else {
      floor.log.emit(log::StorageFailed{message.id, "report", sent.error().detail});
    }
  }
}

}  // namespace gatepost::server
