// SPDX-License-Identifier: Apache-2.0
// log: what happens to a message, as lines of Postfix's cleanup(8), qmgr(8), local(8), virtual(8).
#include "log/delivery_events.h"

#include "base/limits.h"
#include "log/counters.h"

namespace gatepost::log {

void MessageIdSeen::line(Line& out) const {
  out.item(item).add("message-id=");
  out.add(message_id.empty() ? std::string_view("<>") : message_id, limits::kLogReply);
}

void ItemAccepted::line(Line& out) const {
  out.item(item).add("from=").path(sender).add(", size=").number(size);
  out.add(", nrcpt=").number(recipients).add(" (queue active)");
}

void ItemAccepted::measure(Counters& counters) const {
  counters.add(Family::Messages, service);
  counters.add_size(size);
}

void RecipientDelivered::line(Line& out) const {
  out.item(item).add("to=").path(recipient);
  if (!original.empty() && original != recipient) out.add(", orig_to=").path(original);
  out.add(", relay=").add(transport).add(", delay=").seconds(delay());
  out.add(", delays=").seconds(before).add("/").seconds(in_queue);
  out.add("/").seconds(connect).add("/").seconds(transmit);
  out.add(", dsn=2.0.0, status=sent (").add(detail, limits::kLogReply).add(")");
}

void RecipientDelivered::measure(Counters& counters) const {
  counters.add(Family::Deliveries, transport, "sent");
  counters.add_delay(delay());
}

void RecipientTried::line(Line& out) const {
  out.item(item).add("to=").path(recipient).add(", relay=").add(relay, limits::kLogText);
  out.add(", delay=").seconds(delay());
  out.add(", delays=").seconds(before).add("/").seconds(in_queue);
  out.add("/").seconds(connect).add("/").seconds(transmit);
  out.add(", dsn=").add(dsn, limits::kLogText).add(", status=").add(status);
  out.add(" (").add(detail, limits::kLogReply).add(")");
}

void RecipientTried::measure(Counters& counters) const {
  counters.add(Family::Deliveries, "lmtp", status);
  if (status == "sent") counters.add_delay(delay());
}

void ItemRemoved::line(Line& out) const {
  out.item(item).add("removed");
}

void StorageFailed::line(Line& out) const {
  out.add("warning: ");
  if (!item.empty()) out.item(item);
  out.add(what).add(": ").add(detail, limits::kLogReply);
}

void QueueRecovered::line(Line& out) const {
  out.add("warning: ").add(detail, limits::kLogReply);
}

}  // namespace gatepost::log
