// SPDX-License-Identifier: Apache-2.0
// server: what the mailboxes of a recipient say before mail for them is accepted.
#include "server/mailbox_checks.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "log/events.h"
#include "mail/quota.h"
#include "mail/trace.h"
#include "policy/recipient.h"

namespace gatepost::server {
namespace {

smtp::Reply full(const Profile& profile, const Target& target) {
  const bool later = profile.mailbox_full_code < 500;
  return smtp::Reply{profile.mailbox_full_code, later ? "4.2.2" : "5.2.2", full_text(target)};
}

/// RFC 5321 section 4.5.1, RFC 2142: who has to reach these has to reach them.
bool always_has_room(const Target& target) {
  const std::string_view address = target.original.empty() ? target.address : target.original;
  const std::string_view local = address.substr(0, address.find('@'));
  return iequals(local, "postmaster") || iequals(local, "abuse");
}

/// What cannot be found out is no reason to refuse: the disk decides at the end.
Task<bool> has_room(Floor& floor, const Target& target, std::uint64_t octets) {
  if (!target.quota.any() || target.handed_over || always_has_room(target)) co_return true;
  const auto use = co_await floor.store.quota(target.maildir, target.quota);
  if (!use) floor.log.emit(log::StorageFailed{"", "quota", use.error().detail});
  co_return !use || mail::fits(*use, target.quota, octets);
}

std::string warning_text(const Profile& profile,
                         const storage::LocalCopy& copy,
                         const mail::QuotaUse& use,
                         std::string_view date,
                         std::string_view id) {
  std::string out = format(
      "From: MAILER-DAEMON@{0} (Mail Delivery System)\nTo: <{1}>\nSubject: Your mailbox is nearly "
      "full\nDate: {2}\nMessage-ID: <{3}.quota@{0}>\nAuto-Submitted: auto-generated\nMIME-Version: "
      "1.0\nContent-Type: text/plain; charset=us-ascii\n\nThis is the mail system at host {0}.\n\n"
      "The mailbox of {1} is nearly full:\n\n",
      profile.hostname, copy.recipient, date, id);
  if (copy.quota.octets != 0) {
    append_format(out, "  {} of {} kilobytes\n", use.octets / 1024, copy.quota.octets / 1024);
  }
  if (copy.quota.messages != 0) {
    append_format(out, "  {} of {} messages\n", use.messages, copy.quota.messages);
  }
  out +=
      "\nWhen it is full, mail for it is sent back to its senders. Please delete what is not "
      "needed\n"
      "any more; what lies in the folder Trash does not count.\n";
  return out;
}

}  // namespace

Task<void> leave_out_full(Floor& floor, Recipients::Accepted& recipient, std::uint64_t octets) {
  std::vector<Target>& all = recipient.found.mailboxes;
  std::vector<Target> with_room;
  for (Target& target : all) {
    const bool room = co_await has_room(floor, target, octets);
    (room ? with_room : recipient.full).push_back(std::move(target));
  }
  all = std::move(with_room);
}

Task<std::optional<smtp::Reply>> check_mailboxes(Floor& floor,
                                                 const Profile& profile,
                                                 Recipients::Accepted& recipient,
                                                 const mail::Mailbox& sender,
                                                 std::uint64_t declared) {
  const std::uint64_t octets = std::max<std::uint64_t>(declared, 1);
  co_await leave_out_full(floor, recipient, octets);
  // One who takes it is enough: a list is not silent for all because one of it is full.
  if (!recipient.found.others.empty()) co_return std::nullopt;
  std::optional<smtp::Reply> first;
  for (const Target& target : recipient.found.mailboxes) {
    if (!target.handed_over || floor.handover == nullptr) co_return std::nullopt;
    const mail::Mailbox& to = *target.handed_over;
    auto refusal = co_await floor.handover->probe(to, target.domain, sender);
    if (!refusal) co_return std::nullopt;
    if (!first) first = std::move(refusal);
  }
  if (!first && !recipient.full.empty()) first = full(profile, recipient.full.front());
  co_return first;
}

Task<std::optional<smtp::Reply>> check_room(Floor& floor,
                                            const Profile& profile,
                                            const Recipients& recipients,
                                            std::uint64_t octets) {
  const Target* without = nullptr;
  for (const Recipients::Accepted& accepted : recipients.all()) {
    if (!accepted.found.others.empty()) co_return std::nullopt;
    for (const Target& target : accepted.found.mailboxes) {
      const bool room = co_await has_room(floor, target, octets);
      if (room) co_return std::nullopt;
      without = &target;
    }
  }
  if (without == nullptr) co_return std::nullopt;
  co_return full(profile, *without);
}

Task<void> warn_nearly_full(Floor& floor,
                            const Profile& profile,
                            const std::vector<storage::LocalCopy>& copies,
                            const storage::Stored& stored) {
  for (const std::size_t n : stored.nearly_full) {
    const storage::LocalCopy& copy = copies[n];
    const auto use = co_await floor.store.quota(copy.maildir, copy.quota);
    if (!use) continue;
    storage::IntakeRequest request;
    request.arrived = floor.clocks.moment();
    request.id = floor.ids.next(request.arrived);
    // No limits: a warning about a warning is of no use to anybody.
    request.local.push_back({copy.maildir, copy.recipient});
    mail::Zone zone;
    zone.minutes = floor.clocks.utc_offset_minutes(request.arrived);
    if (zone.minutes != 0) zone.name = {};
    const std::string date = mail::format_date(request.arrived, zone);
    const std::string text = warning_text(profile, copy, *use, date, request.id);
    auto intake = floor.store.begin(std::move(request));
    intake->append(text);
    const auto kept = co_await intake->promise();
    if (!kept) floor.log.emit(log::StorageFailed{"", "quota warning", kept.error().detail});
  }
}

}  // namespace gatepost::server
