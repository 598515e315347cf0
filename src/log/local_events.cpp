// SPDX-License-Identifier: Apache-2.0
// log: mail made on this machine, as lines of Postfix's pickup(8), bounce(8) and local(8).
#include "log/local_events.h"

#include "base/limits.h"
#include "log/counters.h"

namespace gatepost::log {

void MessagePickedUp::line(Line& out) const {
  out.item(item).add("uid=").number(uid).add(" from=").path(sender);
}

void MaildropProblem::line(Line& out) const {
  out.add("warning: maildrop file ").peer_text(file).add(": ").add(detail, limits::kLogReply);
}

void RecipientBounced::line(Line& out) const {
  out.item(item).add("to=").path(recipient);
  if (!original.empty() && original != recipient) out.add(", orig_to=").path(original);
  out.add(", relay=").add(transport == "relay" ? std::string_view("none") : transport);
  out.add(", delay=").seconds(before).add(", delays=").seconds(before).add("/0/0/0");
  out.add(", dsn=").add(status).add(", status=bounced (");
  out.add(detail, limits::kLogReply).add(")");
}

void RecipientBounced::measure(Counters& counters) const {
  counters.add(Family::Deliveries, transport, "bounced");
}

void ReportSent::line(Line& out) const {
  out.item(item).add(to_postmaster ? "postmaster" : "sender");
  out.add(success ? " delivery status notification: " : " non-delivery notification: ").add(report);
}

}  // namespace gatepost::log
