// SPDX-License-Identifier: Apache-2.0
// server: the recipients of one message: what each leads to, and what is stored for them.
#include "server/recipients.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "log/events.h"
#include "mail/report.h"
#include "server/list_intake.h"
#include "smtp/replies.h"

namespace gatepost::server {
namespace {

using policy::DomainClass;

/// Members of a list may be told: whoever has to mend it has to know. Where a throw-away address
/// leads is nobody's business.
bool hides_target(const Recipients::Accepted& accepted) {
  return accepted.reach < 2 || !accepted.found.throwaway.empty();
}

std::string_view mailbox_transport(DomainClass domain) {
  return domain == DomainClass::Virtual ? "virtual" : "local";
}

const Target* looping(const Resolution& found, const std::vector<std::string>& delivered_to) {
  for (const Target& target : found.mailboxes) {
    const auto same = [&target](const std::string& seen) { return iequals(seen, target.address); };
    if (std::any_of(delivered_to.begin(), delivered_to.end(), same)) return &target;
  }
  return nullptr;
}

/// Names that were met. Clients choose how many there are, so nothing searches one by one.
using Seen = std::set<std::string>;
/// Where in a list the one of a name is.
using Places = std::map<std::string, std::size_t>;

void add_queued(const Recipients::Accepted& from,
                const mail::Mailbox& to,
                Places& places,
                std::vector<mail::Recipient>& queued) {
  mail::Recipient one = Recipients::forwarded(from, to);
  one.notify = Recipients::notify_behind(from);
  const auto [place, is_new] = places.try_emplace(to.text(), queued.size());
  if (is_new) {
    queued.push_back(std::move(one));
  } else {
    Recipients::join(queued[place->second], std::move(one));
  }
}

/// Whose name what comes of both goes by: that of who hears of success, which others did not ask
/// for; then of who hears of failures; and one that hides who is behind it before the other.
int eagerness(const mail::Recipient& one) {
  int out = 0;
  if (one.notify.delay) out = 2;
  if (mail::wants_report(one.notify, mail::Action::Failed)) out = 4;
  if (one.notify.success) out = 6;
  return out + (out > 0 && !one.given.empty() ? 1 : 0);
}

mail::Notify joined(const mail::Notify& a, const mail::Notify& b) {
  if (a == b) return a;
  const auto wanted = [&](mail::Action action) {
    return mail::wants_report(a, action) || mail::wants_report(b, action);
  };
  mail::Notify out;
  out.success = wanted(mail::Action::Delivered);
  out.failure = wanted(mail::Action::Failed);
  out.delay = wanted(mail::Action::Delayed);
  out.never = !out.stated();
  return out;
}

/// Local parts differ by their case, as at other hosts they may.
std::string name_of(const mail::Mailbox& completed) {
  return mail::Mailbox{completed.local, lower(completed.domain)}.text();
}

bool is_bare_postmaster(const mail::Mailbox& given) {
  return given.domain.empty() && policy::is_postmaster(given);
}

/// RFC 3461 section 5.2.7.3: what the sender asked for ends at the list.
storage::IntakeRequest for_list(const storage::IntakeRequest& from) {
  storage::IntakeRequest out = from;
  out.local.clear();
  out.envelope.recipients.clear();
  out.envelope.options.ret = mail::Return::Unstated;
  out.envelope.options.envelope_id.clear();
  return out;
}

}  // namespace

const storage::PutOff* Recipients::find_put_off(std::span<const storage::PutOff> all,
                                                const Target& target) {
  const auto same = [&target](const storage::PutOff& one) {
    return is_same_place(target, one.maildir, one.folder);
  };
  const auto found = std::find_if(all.begin(), all.end(), same);
  return found == all.end() ? nullptr : &*found;
}

mail::Recipient Recipients::forwarded(const Accepted& from, const mail::Mailbox& to) {
  mail::Recipient out = from.recipient;
  out.mailbox = to;
  const std::string given = from.recipient.mailbox.text();
  if (iequals(to.text(), given)) return out;
  if (out.original.empty()) out.original = "rfc822;" + given;
  if (!hides_target(from)) {
    out.given = {};
  } else if (out.given.empty()) {
    out.given = from.recipient.mailbox;
  }
  return out;
}

bool Recipients::is_same_place(const Target& target,
                               std::string_view maildir,
                               std::string_view folder) {
  return target.maildir == maildir && iequals(target.folder, folder);
}

bool Recipients::is_expanded(const Accepted& accepted) {
  return accepted.reach > 1 || owner_of(accepted, 0) != nullptr;
}

void Recipients::join(mail::Recipient& into, mail::Recipient other) {
  const mail::Notify both = joined(into.notify, other.notify);
  if (eagerness(other) > eagerness(into)) into = std::move(other);
  into.notify = both;
}

mail::Notify Recipients::notify_behind(const Accepted& accepted) {
  mail::Notify out = accepted.recipient.notify;
  if (!is_expanded(accepted) || !out.success) return out;
  out.success = false;
  out.never = !out.stated();
  return out;
}

smtp::Reply Recipients::lookup_failure(const mail::Mailbox& mailbox) {
  return smtp::Reply{451, "4.3.0", "<" + mailbox.text() + ">: Temporary lookup failure"};
}

Result<DomainClass> Recipients::classify(mail::Mailbox& mailbox, const IpAddress* own) const {
  const bool bare_postmaster = is_bare_postmaster(mailbox);
  if (mailbox.domain.empty()) mailbox.domain = settings_.myorigin;
  if (bare_postmaster) return DomainClass::Local;
  if (own != nullptr && mailbox.domain == own->literal()) {
    mailbox.domain = settings_.myorigin;
    return DomainClass::Local;
  }
  return directory_.domain_class(mailbox.domain);
}

std::optional<smtp::Reply> Recipients::find(const mail::Mailbox& mailbox,
                                            DomainClass domain,
                                            const mail::Mailbox& sender,
                                            Resolution& found) const {
  Result<Resolution> resolved = directory_.resolve(mailbox, domain, sender);
  if (!resolved) return lookup_failure(mailbox);
  found = *std::move(resolved);
  if (found.refusal) return std::move(found.refusal);
  if (!found.mailboxes.empty() || !found.others.empty()) return std::nullopt;
  return policy::unknown_user_reply(mailbox.text(), domain, settings_.unknown);
}

std::optional<smtp::Reply> Recipients::add(const mail::Recipient& recipient,
                                           mail::Mailbox completed,
                                           DomainClass domain,
                                           const mail::Mailbox& sender) {
  was_trap_ = false;
  std::string name = name_of(completed);
  if (names_.contains(name)) {
    // Once more, and perhaps with other wishes.
    for (Accepted& one : accepted_) {
      if (name_of(one.recipient.mailbox) != name) continue;
      one.recipient.notify = joined(one.recipient.notify, recipient.notify);
    }
    return std::nullopt;
  }
  Accepted accepted{recipient, domain, {}, sender};
  accepted.bare_postmaster = is_bare_postmaster(recipient.mailbox);
  accepted.recipient.mailbox = std::move(completed);
  auto refused = find(accepted.recipient.mailbox, domain, sender, accepted.found);
  was_trap_ = accepted.found.trap;
  if (refused) return refused;
  const mail::Recipient& one = accepted.recipient;
  const std::string given = one.given.empty() ? one.mailbox.text() : one.given.text();
  for (Target& target : accepted.found.mailboxes) {
    if (!iequals(given, target.address)) target.original = given;
  }
  // One list is the owner's, however long, and for single mailboxes there is smtpd_recipient_limit.
  const std::size_t reach = accepted.found.mailboxes.size() + accepted.found.others.size();
  if (reach > 1 && !accepted_.empty() && reach_ + reach > kMostReached) {
    return smtp::make_reply(smtp::replies::kTooManyRecipients);
  }
  accepted.reach = reach;
  reach_ += reach;
  names_.insert(std::move(name));
  accepted_.push_back(std::move(accepted));
  return std::nullopt;
}

std::optional<smtp::Reply> Recipients::claim() {
  std::optional<smtp::Reply> refused;
  bool others = false;
  for (const Accepted& accepted : accepted_) {
    const std::string& throwaway = accepted.found.throwaway;
    if (throwaway.empty()) {
      others = true;
      continue;
    }
    // Addresses that differ by their case are one of these.
    if (claims_.has(throwaway)) continue;
    const mail::Mailbox& mailbox = accepted.recipient.mailbox;
    Resolution again;
    auto reply = find(mailbox, accepted.domain, accepted.sender, again);
    const bool same = again.throwaway == throwaway;
    if (!reply && !(same && claims_.add(throwaway, accepted.sender))) {
      reply = lookup_failure(mailbox);
    }
    others = others || !reply;
    if (reply && !refused) refused = std::move(reply);
  }
  if (!refused) return std::nullopt;
  claims_.take_back();
  if (others && refused->code >= 500) {
    refused->code = 451;
    refused->enhanced.front() = '4';
  }
  return refused;
}

void Recipients::clear() {
  accepted_.clear();
  names_.clear();
  claims_.take_back();
  reach_ = 0;
}

void Recipients::drop_last() {
  reach_ -= accepted_.back().reach;
  names_.erase(name_of(accepted_.back().recipient.mailbox));
  accepted_.pop_back();
}

smtp::Reply full_for_good(const Target& target) {
  return smtp::Reply{552, "5.2.2", full_text(target)};
}

std::string full_text(const Target& target) {
  const std::string& name = target.original.empty() ? target.address : target.original;
  return "<" + name + ">: Recipient address rejected: mailbox is full";
}

mail::Recipient Recipients::member(const Accepted& accepted, const Target& target) {
  const std::string& address = target.address;
  const std::size_t at = std::min(address.rfind('@'), address.size());
  const std::size_t domain = std::min(at + 1, address.size());
  return forwarded(accepted, {address.substr(0, at), address.substr(domain)});
}

void Recipients::fill(storage::IntakeRequest& request) const {
  std::vector<mail::Recipient>& queued = request.envelope.recipients;
  Places sent_on;
  Seen stored;
  for (const Accepted& accepted : accepted_) {
    for (const Target& target : accepted.found.mailboxes) {
      if (target.handed_over) {
        add_queued(accepted, *target.handed_over, sent_on, queued);
        continue;
      }
      // Two recipients may share one mailbox, which then gets one copy; folders are found without
      // regard to case.
      if (!stored.insert(target.maildir + '\0' + lower(target.folder)).second) continue;
      storage::LocalCopy copy;
      copy.maildir = target.maildir;
      copy.recipient = target.address;
      copy.original = target.original;
      copy.folder = target.folder;
      copy.create_folder = target.create_folder;
      copy.quota = target.quota;
      request.local.push_back(std::move(copy));
    }
    for (std::size_t n = 0; n < accepted.found.others.size(); ++n) {
      if (owner_of(accepted, n) != nullptr) continue;
      add_queued(accepted, accepted.found.others[n], sent_on, queued);
    }
  }
}

const mail::Mailbox* Recipients::owner_of(const Accepted& accepted, std::size_t other) {
  if (accepted.sender.empty() || other >= accepted.found.owners.size()) return nullptr;
  const mail::Mailbox& owner = accepted.found.owners[other];
  return owner.empty() ? nullptr : &owner;
}

std::unique_ptr<storage::Intake> Recipients::begin(storage::MailStore& store,
                                                   storage::IntakeRequest request,
                                                   mail::IdMaker& ids) {
  forwards_.clear();
  // What is held is expanded when it is released, lists and all.
  if (request.hold) return store.begin(std::move(request));
  std::vector<storage::IntakeRequest> parts;
  std::vector<Seen> seen;                 // Of each part.
  std::map<std::string, std::size_t> at;  // Where in `parts` an owner's is.
  std::optional<storage::IntakeRequest> blank;
  for (const Accepted& accepted : accepted_) {
    for (std::size_t n = 0; n < accepted.found.others.size(); ++n) {
      const mail::Mailbox* owner = owner_of(accepted, n);
      if (owner == nullptr) continue;
      if (!blank) blank = for_list(request);
      const auto [place, is_new] = at.try_emplace(owner->text(), parts.size());
      if (is_new) {
        parts.push_back(*blank);
        parts.back().id = ids.next(request.arrived);
        parts.back().envelope.sender = *owner;
        forwards_.push_back({accepted.recipient.mailbox.text(), parts.back().id});
        seen.emplace_back();
      }
      const mail::Mailbox& other = accepted.found.others[n];
      if (!seen[place->second].insert(other.text()).second) continue;
      parts[place->second].envelope.recipients.push_back({other, {}, {}});
    }
  }
  const bool only_lists = request.local.empty() && request.envelope.recipients.empty();
  if (only_lists && !parts.empty()) {
    parts.front().id = request.id;
    forwards_.front().id = request.id;
    request = std::move(parts.front());
    parts.erase(parts.begin());
  }
  return begin_with_lists(store, std::move(request), std::move(parts));
}

std::optional<std::string> Recipients::find_loop(
    const std::vector<std::string>& delivered_to) const {
  for (const Accepted& accepted : accepted_) {
    const Target* again = looping(accepted.found, delivered_to);
    if (again != nullptr) return again->original.empty() ? again->address : again->original;
  }
  return std::nullopt;
}

std::vector<Recipients::Accepted> Recipients::take_loops(
    const std::vector<std::string>& delivered_to) {
  std::vector<Accepted> out;
  std::vector<Accepted> left;
  for (Accepted& accepted : accepted_) {
    const bool again = looping(accepted.found, delivered_to) != nullptr;
    if (again) {
      reach_ -= accepted.reach;
      names_.erase(name_of(accepted.recipient.mailbox));
    }
    (again ? out : left).push_back(std::move(accepted));
  }
  accepted_ = std::move(left);
  return out;
}

void Recipients::log_delivered(log::Log& log, std::string_view id, const Times& times) const {
  bool waiting = false;
  for (const Accepted& accepted : accepted_) {
    for (std::size_t n = 0; n < accepted.found.others.size(); ++n) {
      waiting = waiting || owner_of(accepted, n) == nullptr;
    }
    for (const Target& target : accepted.found.mailboxes) {
      if (target.handed_over) {
        waiting = true;
        continue;
      }
      if (const storage::PutOff* later = find_put_off(times.put_off, target)) {
        waiting = true;
        log.emit(log::RecipientTried{id, target.address, "none", times.before, Duration::zero(),
                                     Duration::zero(), times.promise, "4.3.0", "deferred",
                                     later->reason});
        continue;
      }
      const std::string_view transport = mailbox_transport(target.domain);
      log.emit(log::RecipientDelivered{id, transport, target.address, target.original, times.before,
                                       Duration::zero(), Duration::zero(), times.promise,
                                       "delivered to maildir"});
    }
  }
  for (const Accepted& accepted : accepted_) {
    for (const Target& target : accepted.full) {
      const smtp::Reply why = full_for_good(target);
      log.emit(log::RecipientBounced{id, mailbox_transport(target.domain), target.address,
                                     target.original, why.enhanced, why.text, times.before});
    }
  }
  for (const Forward& forward : forwards_) {
    // A list alone is the item itself.
    if (forward.id == id) {
      waiting = true;
      continue;
    }
    const std::string detail = "forwarded as " + forward.id;
    log.emit(log::RecipientDelivered{id,
                                     "local",
                                     forward.list,
                                     {},
                                     times.before,
                                     Duration::zero(),
                                     Duration::zero(),
                                     times.promise,
                                     detail});
  }
  if (!waiting) log.emit(log::ItemRemoved{id});
}

}  // namespace gatepost::server
