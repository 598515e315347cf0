// SPDX-License-Identifier: Apache-2.0
// server: answers one session's questions from policy and storage.
#include "server/desk.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "log/events.h"
#include "mail/trace.h"
#include "policy/recipient.h"

namespace gatepost::server {
namespace {

using policy::DomainClass;

smtp::Ruling accept(std::uint16_t code, std::string_view enhanced, std::string_view text) {
  return smtp::Ruling{smtp::Reply{code, std::string(enhanced), std::string(text)}};
}

smtp::Reply lookup_failure(const mail::Mailbox& mailbox) {
  return smtp::Reply{451, "4.3.0", "<" + mailbox.text() + ">: Temporary lookup failure"};
}

}  // namespace

Desk::Desk(Floor& floor,
           const Profile& profile,
           const ServiceProfile& service,
           const Peer& peer,
           const smtp::ServerSession& session)
    : floor_(floor), profile_(profile), service_(service), peer_(peer), session_(session) {}

Desk::~Desk() {
  forget_buffered();
}

Task<smtp::Ruling> Desk::sender() {
  discard();
  transaction_.reset();
  // Postfix's rule: room for one and a half of the largest message, so that a mail whose text
  // was taken in does not fail at its very end.
  const std::uint64_t limit = service_.session.message_size_limit;
  const std::uint64_t declared = session_.envelope().options.size;
  const std::uint64_t wanted = std::max(limit + limit / 2, declared + declared / 2);
  for (const std::string& place : {profile_.queue_directory, profile_.mail_root}) {
    const Result<storage::Space> space = floor_.store.space(place);
    if (!space) continue;  // What cannot be asked may still be written to; the promise decides.
    const bool full = space->octets_free < std::max(wanted, profile_.queue_minfree) ||
                      (space->counts_inodes && space->inodes_free < 16);
    if (full) {
      smtp::Reply reply{452, "4.3.1", "Insufficient system storage"};
      floor_.log.emit(log::StorageFailed{"", place, "not enough free space"});
      co_return refuse("MAIL", std::move(reply));
    }
  }
  transaction_ = std::make_unique<Transaction>();
  transaction_->begun = floor_.clocks.instant();
  co_return accept(250, "2.1.0", "Ok");
}

Task<smtp::Ruling> Desk::recipient() {
  co_return judge_recipient(session_.pending_recipient());
}

Result<DomainClass> Desk::classify(mail::Mailbox& mailbox) const {
  if (mailbox.domain.empty()) mailbox.domain = profile_.myorigin;
  if (mailbox.domain == peer_.local.address.literal()) {
    // user@[our own address] is the user of this host (RFC 5321 section 4.1.3).
    mailbox.domain = profile_.myorigin;
    return DomainClass::Local;
  }
  return profile_.directory->domain_class(mailbox.domain);
}

smtp::Reply Desk::unknown_user(const mail::Mailbox& mailbox, DomainClass domain) const {
  const policy::UnknownUser how{service_.unknown_local_code, service_.unknown_virtual_code,
                                service_.unknown_relay_code, service_.show_table_name};
  return policy::unknown_user_reply(mailbox.text(), domain, how);
}

std::optional<smtp::Reply> Desk::find_target(const mail::Mailbox& mailbox,
                                             DomainClass domain,
                                             Target& target) const {
  if (domain == DomainClass::Other) return std::nullopt;
  Directory& directory = *profile_.directory;
  if (domain == DomainClass::Relay) {
    const Result<bool> known = directory.is_relay_recipient(mailbox);
    if (!known) return lookup_failure(mailbox);
    if (!*known) return unknown_user(mailbox, domain);
    return std::nullopt;
  }
  Result<std::optional<Target>> found = directory.find_mailbox(mailbox, domain);
  if (!found) return lookup_failure(mailbox);
  if (*found) {
    target = **std::move(found);
    return std::nullopt;
  }
  if (!policy::is_postmaster(mailbox)) return unknown_user(mailbox, domain);
  Result<Target> postmaster = directory.postmaster();
  if (!postmaster) return lookup_failure(mailbox);
  target = *std::move(postmaster);
  return std::nullopt;
}

smtp::Ruling Desk::judge_recipient(const mail::Recipient& recipient) {
  mail::Mailbox mailbox = recipient.mailbox;
  // RFC 5321 section 4.5.1: <postmaster> alone is accepted whatever the rules say.
  const bool bare_postmaster = mailbox.domain.empty() && policy::is_postmaster(mailbox);
  Result<DomainClass> domain = classify(mailbox);
  if (!domain && !bare_postmaster) return refuse("RCPT", lookup_failure(recipient.mailbox));
  if (bare_postmaster) domain = DomainClass::Local;
  if (!bare_postmaster) {
    const policy::RelayFacts facts{profile_.directory->in_mynetworks(peer_.client.address),
                                   /*authenticated=*/false, *domain};
    auto denied = policy::decide_relay(service_.relay_rules, facts, recipient.mailbox.text(),
                                       service_.relay_codes);
    if (denied) return refuse("RCPT", *std::move(denied));
  }
  Target target;
  auto unknown = find_target(mailbox, *domain, target);
  if (unknown) return refuse("RCPT", *std::move(unknown));
  Accepted accepted{*domain, std::move(target), recipient};
  accepted.recipient.mailbox = std::move(mailbox);
  transaction_->accepted.push_back(std::move(accepted));
  return accept(250, "2.1.5", "Ok");
}

Task<smtp::Ruling> Desk::verify(const mail::Mailbox& mailbox) {
  mail::Mailbox known = mailbox;
  Target target;
  const Result<DomainClass> domain = classify(known);
  if (!domain) co_return smtp::Ruling{lookup_failure(mailbox)};
  const policy::RelayFacts facts{profile_.directory->in_mynetworks(peer_.client.address),
                                 /*authenticated=*/false, *domain};
  auto denied =
      policy::decide_relay(service_.relay_rules, facts, mailbox.text(), service_.relay_codes);
  if (!denied) denied = find_target(known, *domain, target);
  if (denied) co_return refuse("VRFY", *std::move(denied));
  co_return accept(252, "2.0.0", mailbox.text());
}

storage::IntakeRequest Desk::intake_request() const {
  const mail::Envelope& envelope = session_.envelope();
  storage::IntakeRequest request;
  request.id = transaction_->id;
  request.arrived = floor_.clocks.moment();
  request.envelope.sender = envelope.sender;
  request.envelope.options = envelope.options;
  for (const Accepted& accepted : transaction_->accepted) {
    if (accepted.domain == DomainClass::Relay || accepted.domain == DomainClass::Other) {
      request.envelope.recipients.push_back(accepted.recipient);
      continue;
    }
    // Two recipients may share one mailbox, which then gets one copy.
    const auto same = [&accepted](const storage::LocalCopy& copy) {
      return copy.maildir == accepted.target.maildir;
    };
    if (std::none_of(request.local.begin(), request.local.end(), same)) {
      request.local.push_back({accepted.target.maildir, accepted.target.address});
    }
  }
  mail::Trace trace;
  trace.helo = session_.helo();
  trace.client = peer_.client.address;
  trace.hostname = profile_.hostname;
  trace.mail_name = profile_.mail_name;
  trace.protocol = session_.protocol();
  trace.smtputf8 = envelope.options.smtputf8;
  trace.tls = peer_.tls.get();
  trace.show_tls = service_.tls_in_received;
  trace.id = transaction_->id;
  if (envelope.recipients.size() == 1) trace.recipient = &envelope.recipients.front().mailbox;
  trace.at = request.arrived;
  trace.zone.minutes = floor_.clocks.utc_offset_minutes(request.arrived);
  if (trace.zone.minutes != 0) trace.zone.name = {};
  request.received = mail::format_received(trace);
  return request;
}

Task<smtp::Ruling> Desk::text() {
  transaction_->id = floor_.ids.next(floor_.clocks.moment());
  transaction_->intake = floor_.store.begin(intake_request());
  floor_.log.emit(log::MessageStarted{service_.name(), transaction_->id, peer_.name});
  co_return accept(250, "2.0.0", "Ok");
}

bool Desk::body(std::string_view octets) {
  Transaction& transaction = *transaction_;
  if (transaction.failure || !transaction.intake) return false;
  transaction.intake->append(octets);
  transaction.buffered += octets.size();
  floor_.text_in_memory += octets.size();
  // When many large messages come at once, each is written out sooner.
  const bool crowded = floor_.text_in_memory > limits::kTextBuffersTotal &&
                       transaction.buffered >= limits::kReadBuffer;
  return crowded || transaction.intake->full();
}

Task<void> Desk::settle() {
  Result<void> written = co_await transaction_->intake->drain();
  forget_buffered();
  if (!written) transaction_->failure = std::move(written).error();
}

void Desk::forget_buffered() {
  if (!transaction_) return;
  floor_.text_in_memory -= std::exchange(transaction_->buffered, 0);
}

std::optional<std::string> Desk::find_loop() const {
  for (const Accepted& accepted : transaction_->accepted) {
    if (accepted.target.address.empty()) continue;
    for (const std::string& seen : session_.delivered_to()) {
      if (iequals(seen, accepted.target.address)) return accepted.target.address;
    }
  }
  return std::nullopt;
}

Task<smtp::Ruling> Desk::commit() {
  Transaction& transaction = *transaction_;
  const std::string id = transaction.id;
  floor_.log.emit(log::MessageIdSeen{id, session_.message_id()});
  if (const auto loop = find_loop()) {
    smtp::Reply reply{554, "5.4.6", "<" + *loop + ">: mail forwarding loop"};
    smtp::Ruling ruling = refuse("END-OF-MESSAGE", std::move(reply));
    discard();
    co_return ruling;
  }
  if (!transaction.failure) {
    Result<storage::Stored> stored = co_await transaction.intake->promise();
    forget_buffered();
    if (stored) {
      log_delivered(*stored);
      transaction_.reset();
      co_return accept(250, "2.0.0", "Ok: queued as " + id);
    }
    transaction.failure = std::move(stored).error();
  }
  floor_.log.emit(log::StorageFailed{id, "message", transaction.failure->detail});
  smtp::Ruling ruling = refuse("END-OF-MESSAGE", storage_reply(*transaction.failure));
  discard();
  co_return ruling;
}

smtp::Reply Desk::storage_reply(const Error& error) const {
  if (error.system == ENOSPC || error.system == EDQUOT) {
    return smtp::Reply{452, "4.3.1", "Insufficient system storage"};
  }
  return smtp::Reply{451, "4.3.0", "Error: queue file write error"};
}

void Desk::log_delivered(const storage::Stored& stored) const {
  const Transaction& transaction = *transaction_;
  const std::string& id = transaction.id;
  const auto count = static_cast<std::uint32_t>(transaction.accepted.size());
  const std::string sender = session_.envelope().sender.text();
  floor_.log.emit(log::ItemAccepted{id, sender, stored.octets, count, service_.name()});
  const auto whole =
      std::chrono::duration_cast<Duration>(floor_.clocks.instant() - transaction.begun);
  const Duration before = std::max(Duration::zero(), whole - stored.promise_time);
  bool waiting = false;
  for (const Accepted& accepted : transaction.accepted) {
    if (accepted.target.maildir.empty()) {
      waiting = true;
      continue;
    }
    const std::string_view transport =
        (accepted.domain == DomainClass::Local) ? "local" : "virtual";
    const std::string said = accepted.recipient.mailbox.text();
    const bool same = iequals(said, accepted.target.address);
    const std::string_view original = same ? std::string_view() : std::string_view(said);
    floor_.log.emit(log::RecipientDelivered{id, transport, accepted.target.address, original,
                                            before, Duration::zero(), Duration::zero(),
                                            stored.promise_time, "delivered to maildir"});
  }
  if (!waiting) floor_.log.emit(log::ItemRemoved{id});
}

void Desk::discard() {
  forget_buffered();
  if (!transaction_) return;
  transaction_->intake.reset();
  transaction_->failure.reset();
}

std::string_view Desk::item() const {
  // After RSET or a refused text the id names nothing any more.
  const bool open = transaction_ && !session_.envelope().recipients.empty();
  return open ? std::string_view(transaction_->id) : std::string_view();
}

smtp::Ruling Desk::refuse(std::string_view stage, smtp::Reply reply) const {
  const std::string shown = format_number(reply.code) + " " + reply.enhanced + " " + reply.text;
  log_refusal(stage, shown);
  return smtp::Ruling{std::move(reply)};
}

void Desk::log_refusal(std::string_view stage, std::string_view reply) const {
  log::CommandRejected event;
  event.service = service_.name();
  event.item = item();
  event.verb = "reject";
  event.stage = stage;
  event.peer = peer_.name;
  event.reply = reply;
  std::string sender;
  std::string recipient;
  const bool in_transaction = transaction_ != nullptr || stage == "MAIL";
  if (in_transaction) sender = session_.envelope().sender.text();
  if (stage == "RCPT") recipient = session_.pending_recipient().mailbox.text();
  event.has_sender = in_transaction;
  event.has_recipient = stage == "RCPT";
  event.sender = sender;
  event.recipient = recipient;
  event.protocol = session_.protocol();
  event.helo = session_.helo();
  floor_.log.emit(event);
}

}  // namespace gatepost::server
