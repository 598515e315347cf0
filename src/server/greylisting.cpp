// SPDX-License-Identifier: Apache-2.0
// server: who is put off once, asked when everything else is in order.
#include "server/greylisting.h"

#include <algorithm>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "base/version.h"
#include "log/events.h"
#include "mail/trace.h"
#include "policy/expansion.h"

namespace gatepost::server {
namespace {

using greylist::Reason;

/// The first `mark` of `text` becomes `value`.
void fill_in(std::string& text, std::string_view mark, std::string_view value) {
  const std::size_t at = text.find(mark);
  if (at != text.npos) text.replace(at, mark.size(), value);
}

std::string_view domain_of(std::string_view address) {
  return address.substr(std::min(address.rfind('@') + 1, address.size()));
}

std::string decimal(std::int64_t seconds) {
  return format_number(static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0)));
}

}  // namespace

std::string pool_of(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == name.npos) return {};
  const std::string_view above = name.substr(dot + 1);
  return std::string(above.find('.') == above.npos ? name : above);
}

Stamp Greylisting::now() const {
  return state_.now(clocks_.moment(), clocks_.instant());
}

greylist::KeySettings Greylisting::key_settings() const {
  greylist::KeySettings out{settings_.ipv4_prefix, settings_.ipv6_prefix, {}};
  if (settings_.hashed) out.secret = secret_.reveal();
  return out;
}

std::string Greylisting::identity_of(const Question& question) const {
  if (!question.identity.empty() || !settings_.by_name) return question.identity;
  const std::string pool = pool_of(question.name);
  return pool.empty() ? pool : "name:" + pool;
}

state::GreyStore::Question Greylisting::make(const Question& question) const {
  const std::string identity = identity_of(question);
  state::GreyStore::Question out;
  out.key = greylist::make_key(key_settings(),
                               {question.client, identity, question.sender, question.recipient});
  out.rules = settings_.rules;
  out.now = now();
  return out;
}

void Greylisting::tell(const Question& question,
                       std::string_view action,
                       std::string_view reason,
                       std::int64_t waited) {
  log::GreylistJudged event;
  event.item = question.item;
  event.action = action;
  // Postgrey's line has no place for it; the owner needs it for greylist show, pass and forget.
  std::string why(reason);
  const std::string identity = identity_of(question);
  if (!identity.empty()) why += ", identity=" + identity;
  event.reason = why;
  const std::string delay = waited < 0 ? std::string() : decimal(waited);
  event.delay = delay;
  event.client_name = question.name;
  const std::string address = question.client.text();
  event.client_address = address;
  event.sender = question.sender;
  event.recipient = question.recipient;
  log_.emit(event);
}

std::string Greylisting::header(std::int64_t waited) const {
  std::string out = settings_.header;
  const Moment at = clocks_.moment();
  mail::Zone zone;
  zone.minutes = clocks_.utc_offset_minutes(at);
  if (zone.minutes != 0) zone.name = {};
  fill_in(out, "%t", decimal(waited));
  fill_in(out, "%v", kVersion);
  fill_in(out, "%h", settings_.hostname);
  fill_in(out, "%d", mail::format_date(at, zone));
  return out;
}

Greylisting::Verdict Greylisting::put_off(const Question& question,
                                          const greylist::Judgement& judged) {
  Verdict out;
  out.put_off = true;
  const std::string left = decimal(judged.seconds);
  std::string reason = "new";
  if (judged.reason == Reason::Early) reason = format("early-retry ({}s missing)", left);
  if (judged.reason == Reason::Throttled) reason = "too many new from its network";
  if (judged.reason == Reason::Trapped) {
    out.trapped = true;
    out.caught = judged.caught;
    reason = judged.caught ? "trap" : format("trapped ({}s to go)", left);
    out.text = "Mail to a trap came from your network; it is refused for a while";
  } else {
    out.text = settings_.text;
    fill_in(out.text, "%s", left);
    fill_in(out.text, "%r", domain_of(question.recipient));
  }
  tell(question, "greylist", reason);
  return out;
}

Task<Greylisting::Verdict> Greylisting::judge(Question question) {
  if (is_let_in(question)) {
    tell(question, "pass", "client allowed");
    co_return Verdict();
  }
  if (is_exception(question)) {
    tell(question, "pass", "client whitelist");
    co_return Verdict();
  }
  if (exceptions_ && exceptions_->recipients.has(question.recipient)) {
    tell(question, "pass", "recipient whitelist");
    co_return Verdict();
  }
  state::GreyStore::Question asked = make(question);
  const auto judged = co_await store_.judge(std::move(asked));
  if (!judged) {
    tell(question, "pass", "no memory of triplets");
    co_return Verdict();
  }
  // A network that wrote to a trap is not put off for being new.
  const bool expected =
      judged->reason != Reason::Trapped && expected_ != nullptr &&
      expected_->matches(question.sender, question.recipient, settings_.delimiters);
  if (!judged->passes() && expected) {
    tell(question, "pass", "expected");
    co_return Verdict();
  }
  if (!judged->passes()) {
    Verdict refused = put_off(question, *judged);
    co_return refused;
  }
  Verdict out;
  if (judged->allowlisted) {
    const std::string client = question.name + "[" + question.client.text() + "]";
    log_.emit(log::GreylistAllowed{client});
  }
  if (judged->reason == Reason::Allowed) {
    tell(question, "pass", "client AWL");
  } else if (judged->reason == Reason::Full) {
    tell(question, "pass", "no room for triplets");
  } else if (judged->fresh) {
    tell(question, "pass", "triplet found", judged->seconds);
    out.header = header(judged->seconds);
  } else {
    tell(question, "pass", "triplet found");
  }
  co_return out;
}

Task<Greylisting::Verdict> Greylisting::judge_trap(Question question) {
  if (is_let_in(question) || is_exception(question)) co_return Verdict();
  if (exceptions_ && exceptions_->recipients.has(question.recipient)) co_return Verdict();
  state::GreyStore::Question asked = make(question);
  asked.traps_only = true;
  const auto judged = co_await store_.judge(std::move(asked));
  const bool refused = judged && !judged->passes() && (judged->caught || is_on());
  if (!refused) co_return Verdict();
  Verdict out = put_off(question, *judged);
  co_return out;
}

std::string Greylisting::plain_address(const mail::Mailbox& recipient) const {
  mail::Mailbox plain = recipient;
  const auto extended = policy::split_extension(recipient.local, settings_.delimiters);
  if (extended) plain.local = extended->user;
  return greylist::make_address(key_settings(), plain.text());
}

Task<Greylisting::Refused> Greylisting::catch_refused(Question question,
                                                      bool sure,
                                                      const mail::Mailbox* unknown) {
  if (is_let_in(question) || is_exception(question)) co_return Refused::Nothing;
  state::GreyStore::Question asked = make(question);
  state::GreyStore::Learning learning;
  if (unknown != nullptr && !unknown->domain.empty()) {
    learning.enough = settings_.learning;
    learning.address = plain_address(*unknown);
  }
  const auto refused = co_await store_.catch_refused(std::move(asked), sure, std::move(learning));
  co_return refused ? *refused : Refused::Nothing;
}

Task<void> Greylisting::learn(mail::Mailbox recipient, bool remains) {
  if (remains) {
    note_existing(recipient);
    co_return;
  }
  const auto extended = policy::split_extension(recipient.local, settings_.delimiters);
  if (extended) recipient.local.resize(extended->user.size());
  std::string address = plain_address(recipient);
  const Stamp at = now();
  const auto added = co_await store_.add_trap(std::move(address), at, true);
  const std::string shown = recipient.text();
  if (added && *added) log_.emit(log::TrapLearned{shown});
}

void Greylisting::note_existing(const mail::Mailbox& recipient) {
  if (settings_.learning == 0 || recipient.domain.empty()) return;
  store_.note_existing(plain_address(recipient), now());
}

smtp::Reply Greylisting::reply(const Verdict& verdict, std::string_view recipient) const {
  std::string text = format("<{}>: Recipient address rejected: {}", recipient, verdict.text);
  if (!verdict.trapped) return smtp::Reply{450, "4.2.0", std::move(text)};
  const char* enhanced = settings_.trap_code >= 500 ? "5.7.1" : "4.7.1";
  return smtp::Reply{settings_.trap_code, enhanced, std::move(text)};
}

void Greylisting::tick() {
  if (is_on() || lent_ || may_trap()) store_.tick(settings_.rules, now());
  if (!store_.take_full() || std::exchange(told_full_, true)) return;
  log_.emit(log::StateProblem{
      "greylisting has no room for more triplets: those that passed longest ago are forgotten, and "
      "without such, mail of new ones passes at once"});
}

}  // namespace gatepost::server
