// SPDX-License-Identifier: Apache-2.0
// front: screens one connection as postscreen(8) does, and goes on with it in the same session.
#include "front/screen_gate.h"

#include <algorithm>
#include <utility>

#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>
#include <asio/this_coro.hpp>

#include "base/limits.h"
#include "base/loop.h"
#include "base/text.h"
#include "front/screener.h"
#include "log/screen_events.h"
#include "policy/recipient.h"
#include "server/warden.h"
#include "smtp/replies.h"

namespace gatepost::front {

using screen::Action;
using screen::Test;
using screen::When;
using server::Admission;

namespace {

constexpr Duration kSendTime{5'000};
/// A client whose name nobody can say meanwhile has none.
constexpr Duration kNameTime{3'000};
/// Seconds: what the greet test is good for when nobody waited.
constexpr screen::Seconds kUnwaitedPass = 60;
/// What a client under test may send ahead.
constexpr std::size_t kMostInput = 4096;
/// What a mail to postmaster may have, past the lists.
constexpr std::uint64_t kLaneOctets = 256 * 1024;

std::string shown(const Endpoint& endpoint) {
  return "[" + endpoint.address.text() + "]:" + format_number(endpoint.port);
}

smtp::Reply busy() {
  return {450, "4.3.2", "Service currently unavailable"};
}

std::string_view lane_names(std::size_t i) {
  return i == 0 ? "postmaster" : "abuse";
}

}  // namespace

ScreenGate::ScreenGate(Screener& screener, std::shared_ptr<const server::Profile> profile)
    : screener_(screener), profile_(std::move(profile)), settings_(profile_->screen) {}

ScreenGate::~ScreenGate() {
  if (lookup_) lookup_->gate = nullptr;
  if (counted_) screener_.end_test();
}

Instant ScreenGate::now() const {
  return screener_.world_.floor.clocks.instant();
}

screen::Seconds ScreenGate::today() const {
  const auto since = screener_.world_.floor.clocks.moment().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since).count();
}

std::string ScreenGate::who() const {
  return shown(peer_->client);
}

void ScreenGate::say(std::string_view verdict) const {
  screener_.world_.floor.log.emit(log::ScreenVerdict{verdict, who()});
}

std::unique_ptr<Admission> ScreenGate::closed(std::optional<smtp::Reply> reply) {
  auto out = std::make_unique<Admission>();
  out->kind = Admission::Kind::Closed;
  out->reply = std::move(reply);
  conclude();
  if (!std::exchange(told_end_, true)) say("DISCONNECT");
  return out;
}

Task<void> ScreenGate::meet(const server::Peer& peer) {
  began_ = now();
  peer_ = &peer;
  if (profile_->screened) co_await screen_client();
  if (!decided_) begin_lookup();
}

void ScreenGate::begin_lookup() {
  const Screener::World& world = screener_.world_;
  if (world.dns == nullptr || client() == IpAddress::v4({127, 0, 0, 1})) return;
  unnamed_ = *screener_.names_ >= Screener::kMostNames;
  if (unnamed_) return;
  lookup_ = std::make_shared<Lookup>();
  lookup_->gate = this;
  world.tasks.spawn("client name",
                    look_up(*world.dns, client(), lookup_, Counted(screener_.names_)));
}

Task<void> ScreenGate::screen_client() {
  const Screener::World& world = screener_.world_;
  world.floor.log.emit(log::ScreenConnected{who(), shown(peer_->local)});
  screen::Access access = screen::Access::Permit;
  if (!world.let_in.has(client())) access = profile_->directory->screen_access(client());
  if (access == screen::Access::Permit) {
    say(settings_.respectful ? "ALLOWLISTED" : "WHITELISTED");
    passed_ = true;
    co_return;
  }
  const bool may_earn = profile_->directory->may_earn(peer_->local.address);
  const screen::Record known = co_await world.memory.find(client());
  trial_.emplace(settings_, known, may_earn, today());
  if (access == screen::Access::Reject) {
    say(settings_.respectful ? "DENYLISTED" : "BLACKLISTED");
    if (trial_->fail_denylist() == Action::Drop) {
      decided_ = closed(refusal(521));
      co_return;
    }
  }
  if (!trial_->is_refused() && trial_->is_known()) {
    say("PASS OLD");
    passed_ = true;
    co_return;
  }
  const bool tested = trial_->is_due(When::Before) || trial_->is_due(When::After);
  if (!trial_->is_refused() && may_earn && !tested) co_return;
  if (!may_earn) say(settings_.respectful ? "ALLOWLIST VETO" : "WHITELIST VETO");
  counted_ = screener_.begin_test();
  if (!counted_) {
    world.floor.log.emit(log::ScreenTurnedAway{who(), "all screening ports busy"});
    decided_ = closed(smtp::Reply{421, "4.3.2", "All screening ports are busy"});
    co_return;
  }
  testing_ = true;
}

Task<void> ScreenGate::tease(net::Connection& connection) {
  const std::string teaser = "220-" + settings_.greet_banner + "\r\n";
  const Instant until = now() + kSendTime;
  const bool sent = co_await connection.send(teaser, until);
  hung_up_ = !sent;
}

void ScreenGate::ask_lists() {
  const Screener::World& world = screener_.world_;
  if (trial_->is_due(Test::Dnsbl) && world.lists != nullptr) {
    asked_.emplace(*world.lists, client(), static_cast<ListInquiry::Observer*>(this));
  }
}

// The early tests are waited for in this one place: what is only needed before or after has a
// function or a task of its own, whose frame is gone.
Task<std::unique_ptr<Admission>> ScreenGate::admit(net::Connection& connection,
                                                   server::Peer& peer) {
  if (decided_) co_return std::move(decided_);
  if (!testing_) {
    co_await name_client(peer);
    co_return std::unique_ptr<Admission>();
  }
  ask_lists();
  const bool talks = trial_->is_due(Test::Pregreet);
  const Instant begun = now();
  if (talks) co_await tease(connection);
  const Duration wait = screener_.stressed() ? settings_.stress_greet_wait : settings_.greet_wait;
  const Instant until = begun + (talks || asked_ ? wait : Duration::zero());
  auto& scratch = screener_.world_.floor.scratch;
  while (!hung_up_ && !dropped_ && !has_waited_enough() && now() < until) {
    if (input_.size() >= kMostInput) {
      // There is nothing to learn from more of it.
      if (asked_) co_await asked_->wait(until);
      break;
    }
    waiting_ = &connection;
    const FillResult got = co_await connection.fill(scratch, next_look(until));
    waiting_ = nullptr;
    hung_up_ = got.kind == Fill::Closed;
    if (got.kind == Fill::Data) take_early({scratch.data(), got.octets}, begun);
  }
  if (!hung_up_ && !dropped_ && !stopping_) {
    judge_early(peer);
    asked_.reset();
    if (!dropped_) co_await name_client(peer);
  }
  co_return settled();
}

void ScreenGate::take_early(std::string_view text, Instant begun) {
  if (input_.empty() && trial_->is_due(Test::Pregreet)) fail(Test::Pregreet, {}, text, begun);
  input_ += text;
}

std::unique_ptr<Admission> ScreenGate::settled() {
  if (hung_up_) {
    end(true);
    return closed({});
  }
  asked_.reset();
  if (dropped_) return closed(refusal(521));
  if (stopping_) return closed(smtp::make_reply(smtp::replies::kShutdown, profile_->hostname));
  if (trial_->is_refused() || !trial_->may_earn() || trial_->is_due(When::After)) return watched();
  conclude();
  auto out = std::make_unique<Admission>();
  out->input = std::move(input_);
  out->judged = true;
  return out;
}

Instant ScreenGate::next_look(Instant until) const {
  const Instant proven = began_ + settings_.proven_wait;
  return now() < proven ? std::min(proven, until) : until;
}

bool ScreenGate::has_waited_enough() {
  if (stopping_) return true;
  const bool answered = !asked_ || asked_->is_complete();
  if (!answered) return false;
  // Who has spoken early need not be waited for.
  if (!trial_->is_due(Test::Pregreet) || !input_.empty()) return true;
  if (asked_ && screen::rule(asked_->score(), profile_->thresholds).allowed) return true;
  if (now() >= began_ + settings_.proven_wait && is_proven()) return true;
  unwaited_ = is_expected();
  return unwaited_;
}

bool ScreenGate::is_proven() const {
  if (!lookup_ || !lookup_->name || !asked_) return false;
  return server::is_proven(*lookup_->name, client(), asked_->score());
}

/// There is nothing against it but that it is new, and mail that is expected may come from it.
bool ScreenGate::is_expected() const {
  const screen::Expected& expected = screener_.world_.expected;
  if (expected.entries().empty()) return false;
  // Its name is on its way, or was not asked for: what it looks like is not known.
  if (unnamed_ || (lookup_ && !lookup_->name)) return false;
  std::string_view name;
  if (lookup_) {
    const server::ClientName& found = *lookup_->name;
    if (!found.name.empty() && server::looks_dynamic(found.name, client())) return false;
    if (found.kind == server::ClientName::Kind::Confirmed) name = found.name;
  }
  if (!expected.may_come_from(name)) return false;
  if (!asked_) return true;
  const screen::Score score = asked_->score();
  return score.total <= 0 && !screen::rule(score, profile_->thresholds).doubtful;
}

// Not for what changes nothing: each time the socket is looked at in vain.
void ScreenGate::wake() {
  if (waiting_ != nullptr && has_waited_enough()) waiting_->wake();
}

void ScreenGate::shut_down() {
  stopping_ = true;
  if (lookup_ && lookup_->bell != nullptr) lookup_->bell->cancel();
  wake();
}

void ScreenGate::lists_answered() {
  wake();
}

Task<void> ScreenGate::look_up(Dns& dns,
                               IpAddress client,
                               std::shared_ptr<Lookup> lookup,
                               Counted /*counted*/) {
  server::ClientName name = co_await server::find_client_name(dns, client);
  lookup->name = std::move(name);
  if (lookup->bell != nullptr) lookup->bell->cancel();
  if (lookup->gate != nullptr) lookup->gate->wake();
}

Task<void> ScreenGate::name_client(server::Peer& peer) {
  if (!lookup_) co_return;
  const std::shared_ptr<Lookup> lookup = lookup_;
  if (!lookup->name) {
    const auto executor = co_await asio::this_coro::executor;
    Timer bell(executor, began_ + kNameTime);
    lookup->bell = &bell;
    const auto token = asio::as_tuple(asio::deferred);
    co_await bell.async_wait(token);
    lookup->bell = nullptr;
  }
  if (!lookup->name) co_return;
  peer.dns_name = {lookup, &*lookup->name};
  const server::ClientName& name = *lookup->name;
  peer.name = std::string(name.shown()) + "[" + client().text() + "]";
  const bool confirmed = name.kind == server::ClientName::Kind::Confirmed;
  // That nobody can say now speaks against nobody.
  const bool known = name.kind != server::ClientName::Kind::Unknown;
  const bool plain = confirmed && !server::looks_dynamic(name.name, client());
  if (known && !plain) peer.suspicious = true;
}

void ScreenGate::judge_early(server::Peer& peer) {
  const screen::Seconds today = this->today();
  if (trial_->is_due(Test::Pregreet)) {
    const auto ttl =
        std::chrono::duration_cast<std::chrono::seconds>(settings_.of(Test::Pregreet).ttl);
    // Who was not made to wait has not shown much.
    trial_->pass(Test::Pregreet, today + (unwaited_ ? kUnwaitedPass : ttl.count()));
  }
  if (!asked_) {
    // Without lists nobody is on one.
    if (trial_->is_due(Test::Dnsbl)) trial_->pass(Test::Dnsbl, today + 60);
    return;
  }
  const screen::Score score = asked_->score();
  const screen::Ruling ruling = screen::rule(score, profile_->thresholds);
  if (ruling.listed) {
    const auto zones = screener_.world_.lists->guard().sites().zones();
    if (score.named < zones.size()) {
      list_name_ = std::make_unique<const std::string>(
          profile_->directory->shown_list(zones[score.named].name));
    }
    screener_.world_.floor.log.emit(log::ScreenFailed{"dnsbl", who(), {}, {}, score.total, {}});
    const auto action = trial_->fail(Test::Dnsbl);
    if (action == Action::Drop) dropped_ = Action::Drop;
    softly_ = ruling.deferred;
    if (action && *action != Action::Ignore && !softly_) offend(bans::Offence::Dnsbl);
    return;
  }
  peer.suspicious = ruling.doubtful || score.total > 0;
  const Duration life =
      screen::pass_lifetime(score, settings_.dnsbl_min_ttl, settings_.dnsbl_max_ttl);
  // Of whom nobody could say it is asked again: its next connection is as doubtful, or better known.
  const auto lasts =
      ruling.doubtful ? 0 : std::chrono::duration_cast<std::chrono::seconds>(life).count();
  const auto until = today + lasts;
  trial_->pass(Test::Dnsbl, until);
  if (ruling.allowed && !trial_->is_refused()) trial_->vouch(until);
}

void ScreenGate::fail(Test test, std::string_view after, std::string_view text, Instant begun) {
  const auto action = trial_->fail(test);
  if (!action) return;
  log::ScreenFailed event;
  event.test = screen::kTests[index_of(test)].label;
  const std::string who = this->who();
  event.client = who;
  event.after = after;
  event.text = text;
  event.number = static_cast<std::int64_t>(text.size());
  event.time = std::chrono::duration_cast<Duration>(now() - begun);
  screener_.world_.floor.log.emit(event);
  if (*action == Action::Drop) dropped_ = action;
  if (test == Test::Pregreet && *action != Action::Ignore) offend(bans::Offence::Pregreet);
  if (kept_ && trial_->is_refused()) conclude(false);
}

void ScreenGate::offend(bans::Offence offence) const {
  server::Warden* warden = screener_.world_.floor.warden;
  if (warden != nullptr) warden->note(client(), offence);
}

smtp::Reply ScreenGate::refusal(std::uint16_t code) const {
  smtp::Reply out{code, "5.3.2", "Service currently unavailable"};
  bool soft = profile_->of(server::Service::Smtp).session.soft_bounce;
  if (const auto test = trial_->refused_for()) {
    const screen::TestRow& row = screen::kTests[index_of(*test)];
    const bool parting = code == 521 && !row.farewell.empty();
    out.enhanced = parting ? "5.7.0" : row.enhanced;
    out.text = parting ? row.farewell : row.text;
    if (*test == Test::Dnsbl) {
      out.text +=
          "[" + client().text() + "] blocked using " + (list_name_ ? *list_name_ : std::string());
      soft = soft || softly_;
    }
  }
  if (soft) smtp::soften(out);
  return out;
}

std::unique_ptr<Admission> ScreenGate::watched() {
  auto out = std::make_unique<Admission>();
  out->kind = Admission::Kind::Watched;
  out->judged = true;
  // Junk from who talks early shows up in fewer logs without a banner in between.
  out->greeted = !input_.empty() && trial_->is_refused();
  out->input = std::move(input_);
  out->watch.on = true;
  out->watch.pipelining = trial_->is_watched(Test::Pipelining);
  out->watch.non_smtp = trial_->is_watched(Test::NonSmtp);
  out->watch.bare_newline = trial_->is_watched(Test::BareNewline);
  out->watch.command_limit = settings_.command_limit;
  out->watch.command_time =
      screener_.stressed() ? settings_.stress_command_time : settings_.command_time;
  return out;
}

std::optional<smtp::Reply> ScreenGate::hear(const smtp::Note& note) {
  using Kind = smtp::Note::Kind;
  const auto ended = [&](std::string_view what, std::string_view after) {
    if (!passed_) screener_.world_.floor.log.emit(log::ScreenEnded{what, who(), after});
  };
  switch (note.kind) {
    case Kind::BareNewline:
      fail(Test::BareNewline, note.after, note.text, began_);
      break;
    case Kind::NotSmtp:
      fail(Test::NonSmtp, note.after, note.text, began_);
      break;
    case Kind::Impatience:
      fail(Test::Pipelining, note.after, note.text, began_);
      break;
    case Kind::CommandCount:
      ended("COMMAND COUNT LIMIT", note.after);
      return std::nullopt;
    case Kind::CommandLength:
      ended("COMMAND LENGTH LIMIT", note.after);
      return std::nullopt;
    case Kind::Timeout:
      ended("COMMAND TIME LIMIT", note.after);
      return std::nullopt;
    case Kind::NoRecipients:
      ended(note.text == "BDAT" ? "BDAT without valid RCPT" : "DATA without valid RCPT", {});
      return std::nullopt;
    default:
      return std::nullopt;
  }
  if (dropped_) return refusal(521);
  return std::nullopt;
}

bool ScreenGate::takes_lane(const smtp::ServerSession& session) {
  if (!trial_->is_only_listed()) return false;
  const std::string local = lower(session.pending_recipient().mailbox.local);
  const bool reachable = local == lane_names(0) || local == lane_names(1);
  const mail::Envelope& envelope = session.envelope();
  if (!reachable || !envelope.recipients.empty() || lane_) return false;
  if (envelope.options.size > kLaneOctets) return false;
  lane_ = screener_.may_use_lane(client(), now());
  return lane_;
}

void ScreenGate::log_rejected(const smtp::ServerSession& session, const smtp::Reply& reply) const {
  const std::string shown_reply = smtp::format_reply(reply);
  const std::string sender = session.envelope().sender.text();
  const std::string recipient = session.pending_recipient().mailbox.text();
  screener_.world_.floor.log.emit(log::ScreenRejected{
      who(), shown_reply, sender, recipient, session.protocol(), session.helo(), session.where()});
}

std::optional<smtp::Reply> ScreenGate::stop(const smtp::ServerSession& session) {
  if (!trial_->is_refused() || (lane_ && trial_->is_only_listed())) return std::nullopt;
  smtp::Reply out = refusal(550);
  log_rejected(session, out);
  return out;
}

std::uint64_t ScreenGate::most_octets() const {
  return lane_ && trial_->is_refused() ? kLaneOctets : 0;
}

std::optional<smtp::Reply> ScreenGate::judge(const smtp::ServerSession& session) {
  if (trial_->is_refused() && takes_lane(session)) return std::nullopt;
  if (!trial_->is_refused() && !passed_) trial_->pass_deep(today());
  auto out = rejection();
  if (out) log_rejected(session, *out);
  // Its other connections profit at once; it may still fail.
  if (out) conclude(false);
  if (!out && !std::exchange(passed_, true)) {
    conclude();
    // Others may be tested: this one is a client like any other.
    if (std::exchange(counted_, false)) screener_.end_test();
  }
  return out;
}

std::optional<smtp::Reply> ScreenGate::rejection() const {
  if (trial_->is_refused()) return refusal(550);
  if (!passed_ && (!trial_->may_earn() || settings_.deep_handoff_450)) return busy();
  return std::nullopt;
}

void ScreenGate::conclude(bool over) {
  if (!trial_) return;
  const screen::Trial::Outcome outcome = trial_->conclude();
  if (!kept_) {
    // A sibling may have passed meanwhile, and is the new one then.
    const screen::Record* known = screener_.world_.memory.peek(client());
    known_by_sibling_ = known != nullptr && !known->is_new(settings_);
  }
  if (outcome.record) {
    screener_.world_.memory.keep(client(), *outcome.record);
    kept_ = true;
  } else if (kept_ && trial_->is_refused()) {
    // It was new to this session: what was kept of it is all there is.
    screener_.world_.memory.forget(client());
  }
  using Pass = screen::Trial::Outcome::Pass;
  if (!over || outcome.pass == Pass::None || std::exchange(told_pass_, true)) return;
  say(outcome.pass == Pass::New && !known_by_sibling_ ? "PASS NEW" : "PASS OLD");
}

void ScreenGate::end(bool lost) {
  if (passed_ || !trial_) return;
  if (lost) {
    const bool after = !asked_ && waiting_ == nullptr && !hung_up_;
    const std::string_view phase =
        after ? "tests after SMTP handshake" : "tests before SMTP handshake";
    const auto time = std::chrono::duration_cast<Duration>(now() - began_);
    screener_.world_.floor.log.emit(log::ScreenEnded{"HANGUP", who(), phase, time});
  }
  if (hung_up_) return;  // closed() says the rest.
  conclude();
  if (!std::exchange(told_end_, true)) say("DISCONNECT");
}

}  // namespace gatepost::front
