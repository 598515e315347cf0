// SPDX-License-Identifier: Apache-2.0
// smtp: the server machine: its loop, its clock and what it says.
#include "smtp/server_session.h"

#include <algorithm>
#include <utility>

#include "base/result.h"
#include "smtp/session_parts.h"

namespace gatepost::smtp {
ServerSession::Parts::Parts(const SessionSettings& settings, PeerFacts peer)
    : settings_(settings), peer_(std::move(peer)) {}

std::optional<Step> ServerSession::Parts::take_step() {
  if (taken_ < steps_.size()) return std::move(steps_[taken_++]);
  if (!steps_.empty()) {
    steps_.clear();
    taken_ = 0;
  }
  return std::nullopt;
}

std::optional<Step> ServerSession::Parts::advance(std::string_view& input, Instant now) {
  spent_.reset();
  if (!transaction_ || !transaction_->text) text_octets_ = 0;
  switch (state_) {
    case State::Greet:
      greet(input);
      return std::nullopt;
    case State::Command:
      return read_command(input, now);
    case State::Auth:
      return read_auth(input, now);
    case State::Text:
      return read_text(input, now);
    case State::Chunk:
      return read_chunk(input, now);
    case State::RefusedChunk:
      return skip_chunk(input, now);
    case State::TextEnd:
      end_text();
      return std::nullopt;
    case State::Question:
      GP_ASSERT(question_ == Question::None && "answer() comes before the next next()");
      return std::nullopt;
    case State::Handshake:
      // The driver came back without secured(): there is nothing left to talk over.
      close();
      return std::nullopt;
    case State::Closed:
      return step::HangUp{};
  }
  std::unreachable();
}

void ServerSession::Parts::greet(std::string_view input) {
  if (!input.empty() && settings_.forbid_unauth_pipelining && !peer_.judged) {
    tell_input(Note::Kind::Pipelining, input);
    say(replies::kPipelining);
    close();
    return;
  }
  if (stopping_) return say(replies::kShutdown, settings_.hostname);
  state_ = State::Command;
  if (!peer_.greeted) say(replies::kGreeting, settings_.banner);
}

std::optional<Step> ServerSession::Parts::read_command(std::string_view& input, Instant now) {
  if (settings_.hard_error_limit > 0 && errors_ >= settings_.hard_error_limit) {
    tell(Note::Kind::TooManyErrors, where_);
    say(replies::kTooManyErrors, settings_.hostname);
    return std::nullopt;
  }
  // Between two chunks a text is on its way in; it may finish.
  if (stopping_ && chunks_ != Chunks::Open) {
    say(replies::kShutdown, settings_.hostname);
    return std::nullopt;
  }
  if (held_) {
    const auto held = std::move(held_);
    held->line.text = held->text;
    obey_line(held->line, parse_command(held->text), input);
    return std::nullopt;
  }
  got_input_ = got_input_ || !input.empty();
  const auto line = lines_.take(input, settings_.line_length_limit);
  if (!line && is_unproven() && lines_.is_over()) {
    end_long_line(where_);
    return std::nullopt;
  }
  if (!line) return wait(now);
  waiting_ = false;
  Line taken = *line;
  std::optional<std::string> other;
  if (peer_.variation != nullptr && !taken.too_long) {
    const std::size_t begin = taken.text.find_first_not_of(" \t");
    other = peer_.variation->replace(taken.text.substr(std::min(begin, taken.text.size())));
  }
  if (other) taken.text = *other;
  on_line(taken, input);
  return std::nullopt;
}

std::optional<Step> ServerSession::Parts::wait(Instant now) {
  const bool got_input = std::exchange(got_input_, false);
  const bool first = !std::exchange(waiting_, true);
  const Duration command_time = peer_.watch.command_time;
  const bool whole_line = peer_.watch.on && command_time > Duration::zero();
  if (first || (got_input && !settings_.per_request_deadline && !whole_line)) {
    deadline_ = now + (whole_line ? std::min(command_time, settings_.timeout) : settings_.timeout);
  } else if (!got_input && now >= deadline_) {
    time_out();
    return std::nullopt;
  }
  // Idle sessions are what there is most of: they hold no memory for work.
  if (steps_.capacity() > 0) std::vector<Step>().swap(steps_);
  taken_ = 0;
  return step::NeedInput{};
}

// smtpd_min_data_rate: octets that came buy time, but never more than smtpd_timeout ahead.
void ServerSession::Parts::took_text(std::uint64_t octets, Instant now) {
  got_input_ = got_input_ || octets > 0;
  if (!settings_.per_request_deadline || !waiting_ || settings_.min_data_rate == 0) return;
  const Duration bought(octets * 1000 / settings_.min_data_rate);
  deadline_ = std::min(now + settings_.timeout, deadline_ + bought);
}

void ServerSession::Parts::time_out() {
  tell(Note::Kind::Timeout, {});
  end_transaction();
  say(replies::kTimeout, settings_.hostname);
}

Instant ServerSession::Parts::deadline() const {
  const bool interruptible =
      state_ == State::Auth || (state_ == State::Command && chunks_ != Chunks::Open);
  return (stopping_ && interruptible) ? Instant{} : deadline_;
}

void ServerSession::Parts::say(Reply reply) {
  if (settings_.soft_bounce) soften(reply);
  if (errors_ >= settings_.soft_error_limit && settings_.error_sleep_time > Duration::zero()) {
    steps_.emplace_back(step::Pause{settings_.error_sleep_time});
  }
  // RFC 5321 section 3.8: 421 announces that we close. RFC 7504 section 3: so does 521.
  const bool last = reply.code == 421 || reply.code == 521;
  if (last) end_transaction();
  steps_.emplace_back(step::Say{std::move(reply)});
  if (last) close();
}

void ServerSession::Parts::tell(Note::Kind kind, std::string_view after, std::string_view text) {
  steps_.emplace_back(
      step::Tell{Note{kind, std::string(after), std::string(text.substr(0, kNoteText))}});
}

void ServerSession::Parts::tell_input(Note::Kind kind, std::string_view input) {
  tell(kind, after_auth_ ? std::string(kNotShown) : hide_credentials(input.substr(0, kNoteText)));
}

void ServerSession::Parts::ask(Question question, Step step) {
  question_ = question;
  state_ = State::Question;
  steps_.push_back(std::move(step));
}

void ServerSession::Parts::grant(const ReplyRow& row, std::string_view detail) {
  tally_.granted(verb_);
  say(row, detail);
}

// The reply goes out before the error counts, so that the first slow answer is the one after
// the limit was reached, as it always was with Postfix.
void ServerSession::Parts::refuse(Reply reply) {
  say(std::move(reply));
  ++errors_;
}

void ServerSession::Parts::refuse_and_tell(Reply reply) {
  tell(Note::Kind::Refused, format_reply(reply));
  refuse(std::move(reply));
}

void ServerSession::Parts::end_transaction() {
  if (std::exchange(asked_text_, false)) steps_.emplace_back(step::Discard{});
  if (transaction_) spent_ = std::move(transaction_);
  chunks_ = Chunks::None;
}

void ServerSession::Parts::close() {
  end_auth();
  end_transaction();
  lines_.clear();
  held_.reset();
  state_ = State::Closed;
}

void ServerSession::Parts::answer(Ruling ruling) {
  const Question question = std::exchange(question_, Question::None);
  GP_ASSERT(question != Question::None);
  state_ = State::Command;
  const bool hang_up = ruling.hang_up;
  switch (question) {
    case Question::None:
      break;
    case Question::Sender:
      sender_ruled(std::move(ruling));
      break;
    case Question::Recipient:
      recipient_ruled(std::move(ruling));
      break;
    case Question::Verify:
      if (ruling.accepts()) {
        tally_.granted(verb_);
        say(std::move(ruling.reply));
      } else {
        refuse(std::move(ruling.reply));
      }
      break;
    case Question::Auth:
      auth_ruled(std::move(ruling));
      break;
    case Question::Data:
    case Question::Bdat:
      text_ruled(std::move(ruling), question == Question::Bdat);
      break;
    case Question::Commit:
      commit_ruled(std::move(ruling));
      break;
  }
  // A refused chunk is swallowed and answered first; closing early would reset the connection
  // and the peer would never read why.
  if (hang_up && state_ == State::Command) close();
}

ServerSession::ServerSession(const SessionSettings& settings, PeerFacts peer, Instant now)
    : parts_(std::make_unique<Parts>(settings, std::move(peer))) {
  static_cast<void>(now);
}

ServerSession::~ServerSession() = default;

Step ServerSession::next(std::string_view& input, Instant now) {
  for (;;) {
    if (auto step = parts_->take_step()) return *std::move(step);
    if (auto step = parts_->advance(input, now)) return *std::move(step);
  }
}

void ServerSession::answer(Ruling ruling) {
  parts_->answer(std::move(ruling));
}
void ServerSession::secured() {
  parts_->secured();
}
void ServerSession::trust() {
  parts_->trust();
}
void ServerSession::distrust() {
  parts_->distrust();
}
void ServerSession::limit_text(std::uint64_t octets) {
  parts_->limit_text(octets);
}
void ServerSession::dismiss(Reply reply) {
  parts_->dismiss(std::move(reply));
}
void ServerSession::shut_down() {
  parts_->stopping_ = true;
}
Instant ServerSession::deadline() const {
  return parts_->deadline();
}

const mail::Envelope& ServerSession::envelope() const {
  static const mail::Envelope kEmpty;
  const Transaction* transaction = parts_->last_transaction();
  return transaction != nullptr ? transaction->envelope : kEmpty;
}

const mail::Recipient& ServerSession::pending_recipient() const {
  static const mail::Recipient kEmpty;
  const Transaction* transaction = parts_->last_transaction();
  return transaction != nullptr ? transaction->pending : kEmpty;
}

const std::string& ServerSession::helo() const {
  return parts_->helo_;
}

bool ServerSession::authenticated() const {
  return parts_->authenticated_;
}

std::string_view ServerSession::protocol() const {
  return parts_->esmtp_ ? "ESMTP" : "SMTP";
}

const std::string& ServerSession::message_id() const {
  static const std::string kEmpty;
  const Transaction* transaction = parts_->last_transaction();
  if (transaction == nullptr || !transaction->text) return kEmpty;
  return transaction->text->header.message_id();
}

const std::vector<std::string>& ServerSession::delivered_to() const {
  static const std::vector<std::string> kEmpty;
  const Transaction* transaction = parts_->last_transaction();
  if (transaction == nullptr || !transaction->text) return kEmpty;
  return transaction->text->header.delivered_to();
}

std::uint64_t ServerSession::text_octets() const {
  return parts_->text_octets_;
}
std::string_view ServerSession::where() const {
  return parts_->where_;
}

std::string ServerSession::tally() const {
  std::string out = parts_->tally_.text();
  if (parts_->noted_bare_lf_) out += " notes=bare_lf";
  return out;
}

}  // namespace gatepost::smtp
