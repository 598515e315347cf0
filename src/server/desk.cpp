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
#include "server/disclosure.h"
#include "server/left_out.h"
#include "server/mailbox_checks.h"
#include "server/put_off.h"
#include "server/successes.h"
#include "smtp/replies.h"

namespace gatepost::server {
namespace {

using policy::DomainClass;

smtp::Ruling accept(std::uint16_t code, std::string_view enhanced, std::string_view text) {
  return smtp::Ruling{smtp::Reply{code, std::string(enhanced), std::string(text)}};
}

}  // namespace

Desk::Desk(Floor& floor,
           const Profile& profile,
           const ServiceProfile& service,
           const Peer& peer,
           const smtp::ServerSession& session)
    : floor_(floor),
      profile_(profile),
      service_(service),
      peer_(peer),
      session_(session),
      submission_(floor, profile, service, peer, session),
      restrictions_(floor, profile, service, peer) {}

Desk::~Desk() {
  uncount();
  forget_buffered();
}

void Desk::offend(bans::Offence offence) const {
  if (floor_.warden == nullptr || peer_.login) return;
  floor_.warden->note(peer_.client.address, offence);
}

bool Desk::is_over(Rate rate) const {
  if (floor_.warden == nullptr) return false;
  return floor_.warden->is_over({rate, service_, peer_.client.address, peer_.name});
}

Task<smtp::Ruling> Desk::sender() {
  discard();
  transaction_.reset();
  if (is_over(Rate::Message)) {
    const std::string client = peer_.client.address.text();
    smtp::Reply reply{450, "4.7.1", "Error: too much mail from " + client};
    co_return smtp::Ruling{std::move(reply)};
  }
  if (const std::string_view why = submission_.find_login_end(); !why.empty()) {
    smtp::Reply reply{421, "4.7.0", profile_.hostname + " Error: login is no longer valid"};
    log_refusal("MAIL", "421 4.7.0 " + reply.text + ": " + std::string(why));
    co_return smtp::Ruling{std::move(reply)};
  }
  if (auto refusal = submission_.judge_client()) co_return refuse("MAIL", *std::move(refusal));
  if (auto refusal = submission_.judge_held()) co_return refuse("MAIL", *std::move(refusal));
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
  transaction_ = std::make_unique<Transaction>(no_recipients());
  transaction_->begun = floor_.clocks.instant();
  co_return accept(250, "2.1.0", "Ok");
}

Task<smtp::Ruling> Desk::recipient() {
  Recipients& recipients = transaction_->recipients;
  const std::size_t before = recipients.size();
  if (is_over(Rate::Recipient)) {
    const std::string client = peer_.client.address.text();
    smtp::Reply reply{450, "4.7.1", "Error: too many recipients from " + client};
    co_return smtp::Ruling{std::move(reply)};
  }
  smtp::Ruling ruling = co_await judge_recipient(session_.pending_recipient());
  if (!ruling.accepts()) {
    co_await look_for_trap(ruling);
    co_return ruling;
  }
  if (recipients.size() == before) co_return ruling;
  const mail::Envelope& envelope = session_.envelope();
  const mail::Mailbox& sender = envelope.sender;
  const std::uint64_t declared = envelope.options.size;
  Recipients::Accepted& last = recipients.last();
  if (floor_.greylisting != nullptr && last.domain != DomainClass::Other) {
    floor_.greylisting->note_existing(last.recipient.mailbox);
  }
  auto refusal = co_await check_mailboxes(floor_, profile_, last, sender, declared);
  if (!refusal) {
    refusal = co_await judge_greylist();
    if (!refusal) co_return ruling;
    recipients.drop_last();
    co_return refuse("RCPT", *std::move(refusal));
  }
  smtp::Reply told = shown_of(last, *refusal);
  recipients.drop_last();
  ruling = refuse("RCPT", *std::move(refusal));
  ruling.reply = std::move(told);
  co_return ruling;
}

bool Desk::is_stranger() const {
  if (floor_.greylisting == nullptr || service_.is_submission() || peer_.login) return false;
  return !profile_.directory->in_mynetworks(peer_.client.address);
}

Task<Greylisting::Question> Desk::greylist_question() {
  Greylisting::Question out;
  out.client = peer_.client.address;
  out.name = peer_.name.substr(0, peer_.name.find('['));
  out.sender = session_.envelope().sender.text();
  out.recipient = session_.pending_recipient().mailbox.text();
  if (floor_.identities != nullptr) {
    const mail::Mailbox& sender = session_.envelope().sender;
    const std::string_view helo = session_.helo();
    out.identity = co_await floor_.identities->identify(peer_, helo, sender);
  }
  co_return out;
}

Task<std::optional<smtp::Reply>> Desk::judge_greylist() {
  if (!is_stranger()) co_return std::nullopt;
  Greylisting& greylisting = *floor_.greylisting;
  const bool asked = greylisting.asks(peer_.suspicious);
  if (!asked && !greylisting.may_trap()) co_return std::nullopt;
  Greylisting::Question question = co_await greylist_question();
  const std::string recipient = question.recipient;
  Greylisting::Verdict verdict;
  if (asked) {
    verdict = co_await greylisting.judge(std::move(question));
  } else {
    verdict = co_await greylisting.judge_trap(std::move(question));
  }
  if (verdict.caught) note_trap();
  if (verdict.put_off) co_return greylisting.reply(verdict, recipient);
  if (transaction_->greylist_header.empty()) transaction_->greylist_header = verdict.header;
  co_return std::nullopt;
}

Task<void> Desk::look_for_trap(const smtp::Ruling& ruling) {
  // Only an address that does not exist; who may not relay has not been looked up.
  if (ruling.reply.code < 500 || !is_stranger()) co_return;
  Greylisting& greylisting = *floor_.greylisting;
  const bool sure = transaction_->recipients.was_trap() && greylisting.is_on();
  const bool learns = greylisting.asks(peer_.suspicious) && greylisting.settings().learning > 0;
  if (!sure && !learns && !greylisting.may_trap()) co_return;
  Greylisting::Question question = co_await greylist_question();
  // A user who moved, or may not get mail now, exists.
  const mail::Mailbox& mailbox = session_.pending_recipient().mailbox;
  const mail::Mailbox* unknown = learns && ruling.reply.enhanced == "5.1.1" ? &mailbox : nullptr;
  using Refused = Greylisting::Refused;
  const Refused refused = co_await greylisting.catch_refused(std::move(question), sure, unknown);
  if (refused == Refused::Ripe) {
    const bool remains = profile_.directory->has_remains(mailbox);
    co_await greylisting.learn(mailbox, remains);
  }
  // What the address book knows was told when it was looked up.
  if (refused == Refused::Caught && !transaction_->recipients.was_trap()) note_trap();
}

void Desk::note_trap() const {
  offend(bans::Offence::Trap);
  const std::string recipient = session_.pending_recipient().mailbox.text();
  floor_.log.emit(log::TrapHit{peer_.name, recipient, session_.envelope().sender.text()});
}

Recipients Desk::no_recipients() const {
  const policy::UnknownUser unknown{service_.unknown_local_code, service_.unknown_virtual_code,
                                    service_.unknown_relay_code, service_.show_table_name,
                                    service_.unknown_alias_code};
  return {*profile_.directory, {profile_.myorigin, unknown}};
}

Task<smtp::Ruling> Desk::judge_recipient(const mail::Recipient& recipient) {
  Recipients& recipients = transaction_->recipients;
  mail::Mailbox mailbox = recipient.mailbox;
  // RFC 5321 section 4.5.1: <postmaster> alone is accepted whatever the rules say.
  const bool bare_postmaster = mailbox.domain.empty() && policy::is_postmaster(mailbox);
  const Result<DomainClass> domain = recipients.classify(mailbox, &peer_.local.address);
  if (!domain) co_return refuse("RCPT", Recipients::lookup_failure(recipient.mailbox));
  if (!bare_postmaster) {
    auto denied = co_await submission_.judge_recipient(recipient.mailbox, *domain, restrictions_);
    for (const smtp::Reply& reply : restrictions_.take_warnings()) {
      log_refusal("RCPT", smtp::format_reply(reply), "reject_warning");
    }
    if (denied) {
      // 454 too, which is what defer_unauth_destination says; but no lookup that failed.
      const bool by_rule = denied->enhanced.ends_with(".7.1");
      if (*domain == DomainClass::Other && by_rule) offend(bans::Offence::RelayDenied);
      co_return refuse("RCPT", *std::move(denied));
    }
  }
  const mail::Mailbox& sender = session_.envelope().sender;
  auto unknown = recipients.add(recipient, std::move(mailbox), *domain, sender);
  if (unknown && recipients.was_trap()) {
    note_trap();
  } else if (unknown && unknown->code >= 500) {
    offend(bans::Offence::UnknownUser);
  }
  if (unknown) co_return refuse("RCPT", *std::move(unknown));
  co_return accept(250, "2.1.5", "Ok");
}

Task<smtp::Ruling> Desk::verify(const mail::Mailbox& mailbox) {
  const Recipients recipients = no_recipients();
  if (auto refusal = submission_.judge_client()) co_return refuse("VRFY", *std::move(refusal));
  mail::Mailbox known = mailbox;
  Resolution found;
  const Result<DomainClass> domain = recipients.classify(known, &peer_.local.address);
  if (!domain) co_return smtp::Ruling{Recipients::lookup_failure(mailbox)};
  const policy::RelayFacts facts{profile_.directory->in_mynetworks(peer_.client.address),
                                 peer_.login != nullptr, *domain};
  auto denied =
      policy::decide_relay(service_.relay_rules, facts, mailbox.text(), service_.relay_codes);
  if (!denied) denied = recipients.find(known, *domain, {}, found);
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
  transaction_->recipients.fill(request);
  name_waiting(transaction_->recipients, *profile_.directory, request);
  if (peer_.login) request.login = peer_.login->name;
  const auto count = static_cast<std::uint32_t>(transaction_->recipients.size());
  transaction_->counted = submission_.count_message(count);
  if (transaction_->counted.hold) hold(request);
  mail::Trace trace;
  trace.helo = session_.helo();
  trace.client = peer_.client.address;
  trace.hostname = profile_.hostname;
  trace.mail_name = profile_.mail_name;
  trace.protocol = session_.protocol();
  trace.smtputf8 = envelope.options.smtputf8;
  trace.tls = peer_.tls.get();
  trace.show_tls = service_.tls_in_received;
  trace.hide_client = service_.hide_client;
  trace.authenticated = peer_.login != nullptr;
  if (peer_.login && service_.login_in_received) trace.login = peer_.login->name;
  trace.id = transaction_->id;
  if (envelope.recipients.size() == 1) trace.recipient = &envelope.recipients.front().mailbox;
  trace.at = request.arrived;
  trace.zone.minutes = floor_.clocks.utc_offset_minutes(request.arrived);
  if (trace.zone.minutes != 0) trace.zone.name = {};
  request.received = mail::format_received(trace);
  if (!transaction_->greylist_header.empty()) {
    request.received.insert(0, transaction_->greylist_header + "\n");
  }
  return request;
}

// All of it waits in the queue, mail for our own users too: what a stolen password sends is as bad
// for them. The release sends it through here once more.
void Desk::hold(storage::IntakeRequest& request) const {
  request.hold = true;
  transaction_->held = true;
  request.local.clear();
  request.envelope.recipients.clear();
  for (const Recipients::Accepted& one : transaction_->recipients.all()) {
    // Completed, since only here it is known which literal is ours; but the postmaster without a
    // domain is ours whatever the tables say of $myorigin.
    mail::Recipient& waiting = request.envelope.recipients.emplace_back(one.recipient);
    if (one.bare_postmaster) waiting.mailbox.domain.clear();
  }
}

Task<smtp::Ruling> Desk::text() {
  transaction_->id = floor_.ids.next(floor_.clocks.moment());
  storage::IntakeRequest request = intake_request();
  if (submission_.completes_header()) {
    const mail::HeaderFixes fixes = submission_.make_fixes(transaction_->id, request.arrived);
    transaction_->fixer = std::make_unique<mail::HeaderFixer>(fixes);
    transaction_->own_message_id = fixes.message_id;
  }
  transaction_->copies = request.local;
  transaction_->arrived = request.arrived;
  const Recipients& recipients = transaction_->recipients;
  const bool tells = !transaction_->held && (has_left_out(recipients) || wants_success(recipients));
  if (tells) transaction_->returned = std::make_unique<mail::ReturnedText>();
  transaction_->intake =
      transaction_->recipients.begin(floor_.store, std::move(request), floor_.ids);
  log::MessageStarted event{service_.name(), transaction_->id, peer_.name};
  if (peer_.login) {
    event.method = peer_.login->method;
    event.login = peer_.login->name;
  }
  floor_.log.emit(event);
  co_return accept(250, "2.0.0", "Ok");
}

bool Desk::body(std::string_view octets) {
  Transaction& transaction = *transaction_;
  if (transaction.failure || !transaction.intake) return false;
  if (transaction.fixer && !transaction.fixer->ended()) {
    std::string fixed;
    transaction.fixer->feed(octets, fixed);
    append(fixed);
  } else {
    append(octets);
  }
  // When many large messages come at once, each is written out sooner.
  const bool crowded = floor_.text_in_memory > limits::kTextBuffersTotal &&
                       transaction.buffered >= limits::kReadBuffer;
  return crowded || transaction.intake->full();
}

void Desk::append(std::string_view octets) {
  transaction_->intake->append(octets);
  if (transaction_->returned) transaction_->returned->feed(octets);
  transaction_->octets += octets.size();
  transaction_->buffered += octets.size();
  floor_.text_in_memory += octets.size();
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

Task<void> Desk::tell_sender(const storage::Stored& stored) {
  const Transaction& transaction = *transaction_;
  if (!transaction.returned) co_return;
  const mail::Envelope& envelope = session_.envelope();
  // The session keeps the profile for as long as there is a desk.
  const std::shared_ptr<const Profile> profile(std::shared_ptr<const void>(), &profile_);
  const LeftOut missed{transaction.recipients, envelope, transaction.id, transaction.arrived,
                       *transaction.returned};
  co_await tell_left_out(floor_, profile, missed);
  const Arrived arrived{transaction.recipients, envelope.sender,     envelope.options,
                        transaction.id,         transaction.arrived, *transaction.returned,
                        stored.put_off};
  co_await tell_successes(floor_, profile, arrived);
}

Task<smtp::Ruling> Desk::commit() {
  Transaction& transaction = *transaction_;
  const std::string id = transaction.id;
  if (transaction.fixer && transaction.intake && !transaction.failure) {
    std::string rest;
    transaction.fixer->finish(rest);
    append(rest);
  }
  const bool ours = transaction.fixer && transaction.fixer->added_message_id();
  floor_.log.emit(
      log::MessageIdSeen{id, ours ? transaction.own_message_id : session_.message_id()});
  if (const auto loop = transaction.recipients.find_loop(session_.delivered_to())) {
    smtp::Reply reply{554, "5.4.6", "<" + *loop + ">: mail forwarding loop"};
    smtp::Ruling ruling = refuse("END-OF-MESSAGE", std::move(reply));
    discard();
    co_return ruling;
  }
  const std::uint64_t octets = transaction.octets;
  auto full = co_await check_room(floor_, profile_, transaction.recipients, octets);
  // What is held comes through here once more, and counts then.
  if (!full && !transaction.held && !transaction.failure) full = transaction.recipients.claim();
  if (full) {
    smtp::Ruling ruling = refuse("END-OF-MESSAGE", *std::move(full));
    discard();
    co_return ruling;
  }
  if (!transaction.failure) {
    Result<storage::Stored> stored = co_await transaction.intake->promise();
    forget_buffered();
    if (stored) {
      const Result<void> counted = co_await transaction.recipients.keep_claims();
      if (!counted) floor_.log.emit(log::StorageFailed{id, "aliases.db", counted.error().detail});
      log_delivered(*stored);
      transaction.counted = {};
      submission_.settle_message(transaction.held, stored->octets);
      // Most mail is for mailboxes, and a look at the queue costs as much as half a delivery.
      if (stored->queued) floor_.wake_queue();
      co_await warn_nearly_full(floor_, profile_, transaction.copies, *stored);
      co_await tell_sender(*stored);
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
  // The same recipients make the same record another time.
  if (error.cause == Cause::Permanent && error.system == EMSGSIZE) {
    return smtp::Reply{552, "5.5.3", "Error: too many recipients with addresses as long"};
  }
  return smtp::Reply{451, "4.3.0", "Error: queue file write error"};
}

void Desk::log_delivered(const storage::Stored& stored) const {
  const Transaction& transaction = *transaction_;
  const std::string& id = transaction.id;
  const auto count = static_cast<std::uint32_t>(transaction.recipients.size());
  const std::string sender = session_.envelope().sender.text();
  floor_.log.emit(log::ItemAccepted{id, sender, stored.octets, count, service_.name()});
  const auto whole =
      std::chrono::duration_cast<Duration>(floor_.clocks.instant() - transaction.begun);
  const Duration before = std::max(Duration::zero(), whole - stored.promise_time);
  if (transaction.held) return;
  transaction.recipients.log_delivered(floor_.log, id,
                                       {before, stored.promise_time, stored.put_off});
}

void Desk::uncount() {
  if (!transaction_) return;
  submission_.uncount_message(std::exchange(transaction_->counted, {}));
}

void Desk::discard() {
  uncount();
  forget_buffered();
  if (!transaction_) return;
  transaction_->intake.reset();
  transaction_->failure.reset();
  transaction_->recipients.take_back_claims();
}

std::string_view Desk::item() const {
  // After RSET or a refused text the id names nothing any more.
  const bool open = transaction_ && !session_.envelope().recipients.empty();
  return open ? std::string_view(transaction_->id) : std::string_view();
}

smtp::Ruling Desk::refuse(std::string_view stage, smtp::Reply reply) const {
  log_refusal(stage, smtp::format_reply(reply));
  return smtp::Ruling{std::move(reply)};
}

void Desk::log_refusal(std::string_view stage,
                       std::string_view reply,
                       std::string_view verb) const {
  log::CommandRejected event;
  event.service = service_.name();
  event.item = item();
  event.verb = verb;
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
  if (peer_.login) {
    event.method = peer_.login->method;
    event.login = peer_.login->name;
  }
  floor_.log.emit(event);
}

}  // namespace gatepost::server
