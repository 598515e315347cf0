// SPDX-License-Identifier: Apache-2.0
// control: the queue as mailq(1) prints it, and as `postqueue -j` does.
#include "control/queue_list.h"

#include <algorithm>
#include <string_view>

#include "base/format.h"
#include "base/text.h"
#include "control/human.h"
#include "control/json.h"

namespace gatepost::control {

namespace {

/// Where a reason ends on the line: Postfix's showq puts it flush right.
constexpr int kReasonWidth = 76;
constexpr std::size_t kMostReason = 1024;

std::string shown_sender(const queue::Item& item) {
  return item.sender.empty() ? "MAILER-DAEMON" : item.sender.text();
}

/// Text that came from outside, on a terminal.
std::string on_terminal(std::string_view text) {
  return printable(text, kMostReason);
}

bool is_pending(const queue::Destination& one) {
  return one.state == queue::State::Waiting;
}

void append_item(std::string& out, const queue::Item& item, std::chrono::seconds utc_offset) {
  append_format(out, "{:<11} {:>8} {:<20} {}\n", item.id + (item.hold ? "!" : ""), item.octets,
                format_arrival(item.arrived, utc_offset), on_terminal(shown_sender(item)));
  if (item.hold && !item.login.empty()) {
    const std::string login = format("(on hold, sent by login {})", on_terminal(item.login));
    append_format(out, "{:>{}}\n", login, kReasonWidth);
  }
  std::string_view told;
  for (const queue::Destination& one : item.destinations) {
    if (!is_pending(one)) continue;
    if (!one.reason.empty() && one.reason != told) {
      const std::string reason = format("({})", on_terminal(one.reason));
      append_format(out, "{:>{}}\n", reason, kReasonWidth);
    }
    told = one.reason;
    append_format(out, "{:<42}{}\n", "", on_terminal(one.recipient.mailbox.text()));
  }
  out.push_back('\n');
}

}  // namespace

std::string format_queue(const std::vector<queue::Item>& items, std::chrono::seconds utc_offset) {
  if (items.empty()) return "Mail queue is empty\n";
  std::string out = format("{:<11} {:>8} {:<20} {}\n", "-Queue ID-", "--Size--",
                           "----Arrival Time----", "-Sender/Recipient-------");
  std::uint64_t octets = 0;
  for (const queue::Item& item : items) {
    append_item(out, item, utc_offset);
    octets += item.octets;
  }
  append_format(out, "-- {} Kbytes in {}.\n", octets / 1024,
                format_count(items.size(), "Request", "Requests"));
  return out;
}

std::string format_queue_json(const std::vector<queue::Item>& items) {
  std::string out;
  for (const queue::Item& item : items) {
    const bool tried = std::any_of(
        item.destinations.begin(), item.destinations.end(),
        [](const queue::Destination& one) { return is_pending(one) && !one.reason.empty(); });
    JsonDocument document;
    const auto root = document.object();
    document.put(root, "queue_name", item.hold ? "hold" : tried ? "deferred" : "incoming");
    document.put(root, "queue_id", item.id);
    const auto arrival = std::chrono::floor<std::chrono::seconds>(item.arrived.time_since_epoch());
    document.put(root, "arrival_time", static_cast<std::int64_t>(arrival.count()));
    document.put(root, "message_size", item.octets);
    document.put(root, "forced_expire", false);
    document.put(root, "sender", shown_sender(item));
    if (!item.login.empty()) document.put(root, "login", item.login);
    const auto recipients = document.array();
    for (const queue::Destination& one : item.destinations) {
      if (!is_pending(one)) continue;
      const auto recipient = document.object();
      document.put(recipient, "address", one.recipient.mailbox.text());
      if (!one.reason.empty()) document.put(recipient, "delay_reason", one.reason);
      document.append(recipients, recipient);
    }
    document.put(root, "recipients", recipients);
    out += document.write(root);
  }
  return out;
}

}  // namespace gatepost::control
