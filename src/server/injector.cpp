// SPDX-License-Identifier: Apache-2.0
// server: takes messages that are made on this machine.
#include "server/injector.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "log/events.h"
#include "mail/header.h"
#include "mail/report.h"
#include "mail/trace.h"
#include "policy/recipient.h"
#include "server/mailbox_checks.h"
#include "server/put_off.h"
#include "server/recipients.h"
#include "server/reports.h"
#include "server/successes.h"
#include "smtp/replies.h"

namespace gatepost::server {
namespace {

using policy::DomainClass;

std::string_view transport_of(DomainClass domain) {
  switch (domain) {
    case DomainClass::Local:
      return "local";
    case DomainClass::Virtual:
      return "virtual";
    case DomainClass::Relay:
    case DomainClass::Alias:
    case DomainClass::Other:
      break;
  }
  return "relay";
}

smtp::Reply make_refusal(std::string_view status, std::string_view text) {
  return smtp::Reply{554, std::string(status), std::string(text)};
}

}  // namespace

/// One message on its way.
class Injector::Work {
 public:
  Work(Floor& floor, std::shared_ptr<const Profile> profile, Injection injection)
      : floor_(floor),
        profile_(std::move(profile)),
        injection_(std::move(injection)),
        begun_(floor.clocks.instant()),
        now_(floor.clocks.moment()),
        id_(floor.ids.next(now_)),
        recipients_(*profile_->directory, {profile_->myorigin, unknown_user()}),
        header_(session().header_size_limit) {
    if (injection_.arrived == Moment{}) injection_.arrived = now_;
    if (injection_.uid) {
      const std::string sender = injection_.envelope.sender.text();
      floor_.log.emit(log::MessagePickedUp{id_, sender, *injection_.uid});
    }
    complete(injection_.envelope.sender);
  }
  ~Work() { forget_buffered(); }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  bool to_postmaster = false;  ///< Of a report.

  struct Refused {
    mail::Recipient recipient;
    DomainClass domain;
    smtp::Reply reply;
    std::string original = {};  ///< For the log: what led to it, where that is another address.
  };

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const Injection& injection() const { return injection_; }
  [[nodiscard]] const Profile& profile() const { return *profile_; }
  [[nodiscard]] const std::vector<Refused>& refused() const { return refused_; }
  /// The program's own: its sender is nobody, who cannot be told.
  [[nodiscard]] bool is_own() const {
    return !injection_.uid && injection_.envelope.sender.empty();
  }
  [[nodiscard]] bool has_takers() const { return !recipients_.empty(); }

  Task<Result<void>> find_recipients();
  Task<Result<void>> take_text();
  /// Once the text is known: nobody has it where nobody has room.
  Task<void> judge_room();
  /// Everything there is so far is on its way to the disk, and has its place there.
  Task<Result<void>> write();
  /// Throw-away addresses may have ended since they were found.
  Result<void> claim();
  Task<Result<void>> store();
  void tell_refused() const;
  [[nodiscard]] std::string report(const mail::Mailbox& to, std::string_view report_id) const;
  [[nodiscard]] bool wants_report() const;

 private:
  [[nodiscard]] const smtp::SessionSettings& session() const {
    return profile_->of(Service::Smtp).session;
  }
  void complete(mail::Mailbox& mailbox) const {
    if (!mailbox.local.empty() && mailbox.domain.empty()) mailbox.domain = profile_->myorigin;
  }
  [[nodiscard]] policy::UnknownUser unknown_user() const {
    policy::UnknownUser how;
    how.show_table = profile_->of(Service::Smtp).show_table_name;
    return how;
  }
  Task<Result<void>> find_recipient(const mail::Recipient& recipient);
  Task<Result<void>> take(std::string_view piece);
  Task<Result<void>> pass(std::string_view piece);
  std::optional<smtp::Reply> judge_text() const;
  void refuse_all(const smtp::Reply& reply);
  void refuse_loops();
  void open_intake();
  storage::IntakeRequest intake_request() const;
  void log_stored(const storage::Stored& stored) const;
  [[nodiscard]] mail::Zone zone() const {
    mail::Zone out;
    out.minutes = floor_.clocks.utc_offset_minutes(now_);
    if (out.minutes != 0) out.name = {};
    return out;
  }
  [[nodiscard]] Duration since_begin() const {
    return std::chrono::duration_cast<Duration>(floor_.clocks.instant() - begun_);
  }
  void forget_buffered() { floor_.text_in_memory -= std::exchange(buffered_, 0); }

  Floor& floor_;
  std::shared_ptr<const Profile> profile_;
  Injection injection_;
  Instant begun_;
  Moment now_;
  std::string id_;
  Recipients recipients_;
  std::vector<Refused> refused_;
  mail::HeaderScanner header_;
  mail::ReturnedText returned_;
  std::uint64_t octets_ = 0;
  std::uint64_t buffered_ = 0;
  std::string opening_;  // Text not passed on yet: until the header's end is seen.
  bool opened_ = false;
  std::unique_ptr<storage::Intake> intake_;
  std::vector<storage::LocalCopy> copies_;  // As given to the store.
};

Task<Result<void>> Injector::Work::find_recipients() {
  for (const mail::Recipient& recipient : injection_.envelope.recipients) {
    Result<void> found = co_await find_recipient(recipient);
    if (!found) co_return found;
  }
  co_return Result<void>();
}

Task<Result<void>> Injector::Work::find_recipient(const mail::Recipient& recipient) {
  mail::Recipient completed = recipient;
  const Result<DomainClass> domain = recipients_.classify(completed.mailbox, nullptr);
  if (!domain) co_return domain.error();
  const std::size_t before = recipients_.size();
  const mail::Mailbox& sender = injection_.envelope.sender;
  auto refusal = recipients_.add(recipient, completed.mailbox, *domain, sender);
  if (refusal) {
    // Another time there would be as many of them.
    if (refusal->enhanced == smtp::replies::kTooManyRecipients.enhanced) {
      refusal = make_refusal("5.5.3", "too many recipients");
    }
    // What cannot be said now is asked again later.
    if (refusal->code < 500) co_return Error{Cause::Temporary, refusal->text};
    refused_.push_back({std::move(completed), *domain, *std::move(refusal)});
    co_return Result<void>();
  }
  if (recipients_.size() == before) co_return Result<void>();
  Recipients::Accepted& last = recipients_.last();
  const std::uint64_t octets = std::max<std::uint64_t>(injection_.text.size(), 1);
  co_await leave_out_full(floor_, last, octets);
  for (const Target& target : last.full) {
    mail::Recipient who = Recipients::member(last, target);
    refused_.push_back({std::move(who), target.domain, full_for_good(target), target.original});
  }
  last.full.clear();
  if (last.found.mailboxes.empty() && last.found.others.empty()) recipients_.drop_last();
  co_return Result<void>();
}

Task<void> Injector::Work::judge_room() {
  auto full = co_await check_room(floor_, *profile_, recipients_, octets_);
  if (!full) co_return;
  full->code = 552;
  full->enhanced = "5.2.2";
  refuse_all(*full);
}

Task<Result<void>> Injector::Work::take_text() {
  if (injection_.source == nullptr) {
    const std::string_view whole(injection_.text);
    Result<void> taken = co_await take(whole);
    if (!taken) co_return std::move(taken).error();
  } else {
    for (;;) {
      Result<std::string_view> piece = co_await injection_.source->read();
      if (!piece) co_return std::move(piece).error();
      if (piece->empty()) break;
      const std::string_view octets = *piece;
      Result<void> taken = co_await take(octets);
      if (!taken) co_return std::move(taken).error();
    }
  }
  header_.finish();
  floor_.log.emit(log::MessageIdSeen{id_, header_.message_id()});
  if (auto refusal = judge_text()) refuse_all(*refusal);
  if (!opened_ && has_takers()) open_intake();
  // A text without anything, or one that ended within its header.
  const std::string rest = std::move(opening_);
  if (!rest.empty() && intake_) {
    Result<void> passed = co_await pass(rest);
    if (!passed) co_return std::move(passed).error();
  }
  co_return Result<void>();
}

Task<Result<void>> Injector::Work::take(std::string_view piece) {
  octets_ += piece.size();
  header_.feed(piece);
  returned_.feed(piece);
  if (auto refusal = judge_text()) refuse_all(*refusal);
  if (!has_takers()) co_return Result<void>();
  if (opened_) {
    Result<void> passed = co_await pass(piece);
    co_return passed;
  }
  // Who would get it a second time is told apart from the others, for which the Delivered-To
  // fields must be known. Ours stand at the top; one that comes later than this is some other
  // system's, and rounds end by the number of Received fields.
  opening_ += piece;
  if (!header_.ended() && opening_.size() < limits::kTextBuffer) co_return Result<void>();
  open_intake();
  if (!intake_) co_return Result<void>();
  const std::string first = std::exchange(opening_, {});
  Result<void> passed = co_await pass(first);
  co_return passed;
}

void Injector::Work::open_intake() {
  opened_ = true;
  refuse_loops();
  if (!has_takers()) return;
  storage::IntakeRequest request = intake_request();
  copies_ = request.local;
  intake_ = recipients_.begin(floor_.store, std::move(request), floor_.ids);
  // Fields are put before the text: one that opens with anything else needs the empty line.
  if (header_.opening() != mail::HeaderScanner::Opening::Header) intake_->append("\n");
}

Task<Result<void>> Injector::Work::pass(std::string_view piece) {
  while (!piece.empty()) {
    const std::string_view part = piece.substr(0, limits::kReadBuffer);
    piece.remove_prefix(part.size());
    intake_->append(part);
    buffered_ += part.size();
    floor_.text_in_memory += part.size();
    const bool crowded = floor_.text_in_memory > limits::kTextBuffersTotal;
    if (!crowded && !intake_->full()) continue;
    Result<void> written = co_await intake_->drain();
    forget_buffered();
    if (!written) co_return std::move(written).error();
  }
  co_return Result<void>();
}

std::optional<smtp::Reply> Injector::Work::judge_text() const {
  const smtp::SessionSettings& limit = session();
  // What the program itself says is short, but it may quote a message that is just too long.
  if (injection_.uid && limit.message_size_limit > 0 && octets_ > limit.message_size_limit) {
    return make_refusal("5.3.4", "message size " + format_number(octets_) + " exceeds the limit " +
                                     format_number(limit.message_size_limit));
  }
  if (header_.too_large()) return make_refusal("5.3.4", "header field too large");
  // What comes out of the queue was counted when it came in, and stays in it with one hop more for
  // each mailbox that is mended.
  const bool hops = injection_.may_wait && header_.received() > limit.hopcount_limit;
  if (hops) return make_refusal("5.4.0", "too many hops");
  return std::nullopt;
}

void Injector::Work::refuse_all(const smtp::Reply& reply) {
  for (const Recipients::Accepted& accepted : recipients_.all()) {
    refused_.push_back({accepted.recipient, accepted.domain, reply});
  }
  recipients_.clear();
  intake_.reset();
  forget_buffered();
}

void Injector::Work::refuse_loops() {
  for (Recipients::Accepted& again : recipients_.take_loops(header_.delivered_to())) {
    const std::string text = "mail forwarding loop for " + again.recipient.mailbox.text();
    refused_.push_back({std::move(again.recipient), again.domain, make_refusal("5.4.6", text)});
  }
}

storage::IntakeRequest Injector::Work::intake_request() const {
  storage::IntakeRequest request;
  request.id = id_;
  request.arrived = now_;
  request.envelope.sender = injection_.envelope.sender;
  request.envelope.options = injection_.envelope.options;
  recipients_.fill(request);
  request.may_wait_alone = injection_.may_wait;
  // What comes out of the queue grows no younger by it.
  if (!injection_.may_wait) request.waits_since = injection_.arrived;
  name_waiting(recipients_, *profile_->directory, request);
  mail::LocalTrace trace;
  trace.hostname = profile_->hostname;
  trace.mail_name = profile_->mail_name;
  trace.id = id_;
  trace.uid = injection_.uid;
  trace.at = now_;
  trace.zone = zone();
  request.received = mail::format_received(trace);
  return request;
}

Result<void> Injector::Work::claim() {
  if (!has_takers()) return {};
  const auto refusal = recipients_.claim();
  if (!refusal) return {};
  if (refusal->code < 500) return Error{Cause::Temporary, refusal->text};
  refuse_all(*refusal);
  return {};
}

Task<Result<void>> Injector::Work::write() {
  if (!intake_) co_return Result<void>();
  Result<void> written = co_await intake_->drain();
  forget_buffered();
  co_return written;
}

Task<Result<void>> Injector::Work::store() {
  if (!intake_) co_return Result<void>();
  Result<storage::Stored> stored = co_await intake_->promise();
  forget_buffered();
  if (!stored) {
    floor_.log.emit(log::StorageFailed{id_, "message", stored.error().detail});
    co_return std::move(stored).error();
  }
  const Result<void> counted = co_await recipients_.keep_claims();
  if (!counted) floor_.log.emit(log::StorageFailed{id_, "aliases.db", counted.error().detail});
  log_stored(*stored);
  if (stored->queued) floor_.wake_queue();
  // Of what the program says itself too, as nobody else would tell it later; the warning does not
  // come through here, so nothing goes round.
  co_await warn_nearly_full(floor_, *profile_, copies_, *stored);
  if (!wants_success(recipients_)) co_return Result<void>();
  const mail::Envelope& envelope = injection_.envelope;
  const Arrived arrived{recipients_,        envelope.sender, envelope.options, id_,
                        injection_.arrived, returned_,       stored->put_off};
  co_await tell_successes(floor_, profile_, arrived);
  co_return Result<void>();
}

void Injector::Work::log_stored(const storage::Stored& stored) const {
  const auto count = static_cast<std::uint32_t>(recipients_.size());
  const std::string sender = injection_.envelope.sender.text();
  floor_.log.emit(log::ItemAccepted{id_, sender, stored.octets, count, injection_.service});
  const auto before = std::max(Duration::zero(), since_begin() - stored.promise_time);
  recipients_.log_delivered(floor_.log, id_, {before, stored.promise_time, stored.put_off});
}

void Injector::Work::tell_refused() const {
  for (const Refused& refused : refused_) {
    const std::string recipient = refused.recipient.mailbox.text();
    floor_.log.emit(log::RecipientBounced{id_, transport_of(refused.domain), recipient,
                                          refused.original, refused.reply.enhanced,
                                          refused.reply.text, since_begin()});
  }
}

bool Injector::Work::wants_report() const {
  return std::any_of(refused_.begin(), refused_.end(), [](const Refused& refused) {
    return mail::wants_report(refused.recipient.notify, mail::Action::Failed);
  });
}

std::string Injector::Work::report(const mail::Mailbox& to, std::string_view report_id) const {
  std::vector<mail::Outcome> outcomes;
  for (const Refused& refused : refused_) {
    if (!mail::wants_report(refused.recipient.notify, mail::Action::Failed)) continue;
    outcomes.push_back({.recipient = &refused.recipient,
                        .status = refused.reply.enhanced,
                        .diagnostic = refused.reply.text});
  }
  mail::Mailbox whole = to;
  complete(whole);
  const Reported about{id_, whole, injection_.envelope.options, injection_.arrived};
  return report_text(floor_, *profile_, about, report_id, outcomes, returned_);
}

/// The report about `work`, written but not durable yet; null: nobody wants one.
Task<Result<std::unique_ptr<Injector::Work>>> Injector::prepare_report(Work& work) {
  if (!work.wants_report()) co_return std::unique_ptr<Work>();
  const mail::Mailbox sender = work.injection().envelope.sender;
  const mail::Mailbox postmaster{"postmaster", ""};
  // A sender who is <> cannot be told, nor one whose mailbox is not there: postmaster is told
  // instead, so that what a person sent is not lost without a word.
  bool to_postmaster = sender.empty();
  for (;;) {
    const mail::Mailbox& to = to_postmaster ? postmaster : sender;
    Injection notice = make_notice(to, work.report(to, work.id() + "R"));
    Result<std::unique_ptr<Work>> report = co_await prepare(std::move(notice));
    if (report) {
      (*report)->to_postmaster = to_postmaster;
      Result<void> written = co_await (*report)->write();
      if (!written) co_return std::move(written).error();
      co_return report;
    }
    if (to_postmaster || report.error().cause != Cause::Permanent) co_return report;
    to_postmaster = true;
  }
}

// Of what could fail only the last sync and commit are left. When the message is stored they must
// not fail it, or it would come twice; the report is made once more, and else the log alone tells.
Task<Result<void>> Injector::store_report(Work& work, std::unique_ptr<Work> report) {
  for (int tries = 1;; ++tries) {
    Result<void> stored = co_await report->store();
    if (stored) {
      floor_.log.emit(log::ReportSent{work.id(), report->id(), report->to_postmaster});
      co_return stored;
    }
    if (!work.has_takers()) co_return stored;
    Result<std::unique_ptr<Work>> again = co_await prepare_report(work);
    if (!again || tries > 1) co_return Result<void>();
    report = *std::move(again);
  }
}

/// All but making it durable.
Task<Result<std::unique_ptr<Injector::Work>>> Injector::prepare(Injection injection) {
  auto work = std::make_unique<Work>(floor_, profile_, std::move(injection));
  Result<void> done = co_await work->find_recipients();
  if (done) done = co_await work->take_text();
  if (!done) co_return std::move(done).error();
  co_await work->judge_room();
  done = work->claim();
  if (!done) co_return std::move(done).error();
  if (work->is_own() && !work->refused().empty() && !work->has_takers()) {
    co_return Error{Cause::Permanent, work->refused().front().reply.text};
  }
  co_return work;
}

Task<Result<std::string>> Injector::inject(Injection injection) {
  Result<std::unique_ptr<Work>> prepared = co_await prepare(std::move(injection));
  if (!prepared) co_return std::move(prepared).error();
  const std::unique_ptr<Work> work = *std::move(prepared);
  std::unique_ptr<Work> report;
  if (!work->refused().empty() && !work->is_own()) {
    Result<std::unique_ptr<Work>> made = co_await prepare_report(*work);
    if (!made) co_return std::move(made).error();
    report = *std::move(made);
  }
  Result<void> done = co_await work->store();
  if (!done) co_return std::move(done).error();
  work->tell_refused();
  if (report) {
    done = co_await store_report(*work, std::move(report));
    if (!done) co_return std::move(done).error();
  }
  co_return work->id();
}

}  // namespace gatepost::server
