// SPDX-License-Identifier: Apache-2.0
// smtp: the server machine: command lines, and the commands outside of a transaction.
#include <algorithm>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "mail/path.h"
#include "smtp/extensions.h"
#include "smtp/session_parts.h"

namespace gatepost::smtp {

void ServerSession::Parts::on_line(const Line& line, std::string_view input) {
  const Command command = parse_command(line.text);
  const std::string_view before = where_;
  verb_ = command.verb;
  tally_.came(verb_);
  where_ = verb_row(verb_).name;
  // A client that does not wait for replies goes on with its password when AUTH was refused.
  if (verb_ != Verb::Unknown) after_auth_ = verb_ == Verb::Auth;
  if (line.bare_lf && settings_.bare_newline == BareNewline::Note) noted_bare_lf_ = true;
  if (peer_.watch.on && watch_line(line, command, before, input)) {
    if (state_ == State::Closed) return;
    // Who hears it may end the session, before the command is looked at.
    held_ = std::make_unique<HeldLine>(HeldLine{std::string(line.text), line});
    return;
  }
  obey_line(line, command, input);
}

void ServerSession::Parts::obey_line(const Line& line,
                                     const Command& command,
                                     std::string_view input) {
  if (line.too_long) {
    refuse(replies::kLineTooLong);
    if (line.endless) close();
    return;
  }
  if (line.bare_lf && rejects_bare_newline()) return refuse_and_tell(bare_newline_reply());
  if (command.word.empty()) return refuse(replies::kBadSyntax);
  if (!is_lenient() && is_forbidden(command)) {
    tell_input(Note::Kind::NonSmtpCommand, line.text);
    say(replies::kNotSmtp);
    return close();
  }
  if (line.text.find_first_of(std::string_view("\0\r", 2)) != line.text.npos) {
    return refuse(replies::kBadSyntax);
  }
  if (!is_utf8(line.text)) return refuse(replies::kBadUtf8);
  if (verb_ == Verb::Unknown) return refuse(replies::kNotRecognized);
  const VerbRow& row = verb_row(verb_);
  if (settings_.tls_required && !peer_.secured && !row.before_tls) {
    // The octets of a chunk follow whether or not we like it.
    if (verb_ == Verb::Bdat) return bdat(command);
    return refuse(replies::kTlsFirst);
  }
  if (row.junk && ++junk_ > settings_.junk_command_limit) ++errors_;
  if (talks_ahead(row, input)) {
    tell_input(Note::Kind::Pipelining, input);
    say(replies::kPipelining);
    return close();
  }
  run(command);
}

bool ServerSession::Parts::is_forbidden(const Command& command) const {
  const auto& words = settings_.forbidden_commands;
  const auto same = [&](const std::string& word) { return iequals(word, command.word); };
  if (std::any_of(words.begin(), words.end(), same)) return true;
  if (command.verb != Verb::Unknown) return false;
  if (settings_.forbid_non_letters && !is_alpha(command.word.front())) return true;
  return looks_like_header(command.word);
}

// RFC 2920 section 3.1. Only what is already here can be seen; what comes later is
// indistinguishable from an answer to our reply.
bool ServerSession::Parts::talks_ahead(const VerbRow& row, std::string_view input) const {
  if (input.empty()) return false;
  // What was sent in the clear must never be read as if it came through TLS.
  const bool may_start = is_offered(Extension::Starttls, settings_, peer_);
  // Who is under test, or refused anyway, may go on: the driver drops it.
  if (row.verb == Verb::Starttls && may_start) return !is_lenient();
  if (!settings_.forbid_unauth_pipelining || is_lenient()) return false;
  return row.last_in_group || (!esmtp_ && !row.may_pipeline_smtp);
}

void ServerSession::Parts::run(const Command& command) {
  switch (command.verb) {
    case Verb::Helo:
    case Verb::Ehlo:
      return helo(command);
    case Verb::Starttls:
      return starttls(command);
    case Verb::Auth:
      return auth(command);
    case Verb::Mail:
      return mail(command);
    case Verb::Rcpt:
      return rcpt(command);
    case Verb::Data:
      return data(command);
    case Verb::Bdat:
      return bdat(command);
    case Verb::Rset:
      return rset(command);
    case Verb::Noop:
      return grant(replies::kOk);
    case Verb::Vrfy:
      return vrfy(command);
    case Verb::Expn:
      return refuse(replies::kExpnDisabled);
    case Verb::Help:
      return help();
    case Verb::Quit:
      return quit();
    case Verb::Unknown:
      return refuse(replies::kNotRecognized);
  }
  std::unreachable();
}

void ServerSession::Parts::syntax() {
  refuse(replies::kSyntax, verb_row(verb_).syntax);
}

void ServerSession::Parts::helo(const Command& command) {
  // The name is kept for the session's life and shown in headers and logs: it has the length
  // of a domain or it is not one.
  if (command.arguments.empty() || command.arguments.size() > limits::kDomain) {
    return refuse(replies::kHeloSyntax, verb_row(verb_).syntax);
  }
  end_transaction();
  helo_ = command.arguments;
  esmtp_ = verb_ == Verb::Ehlo;
  if (esmtp_ && peer_.variation != nullptr) peer_.hidden = peer_.variation->hidden();
  grant(replies::kHello, esmtp_ ? format_ehlo(settings_, peer_) : std::string(settings_.hostname));
}

void ServerSession::Parts::starttls(const Command& command) {
  if (!command.arguments.empty()) return syntax();
  if (peer_.secured) return refuse(replies::kTlsActive);
  if (!is_offered(Extension::Starttls, settings_, peer_)) {
    return refuse(replies::kNotImplemented);
  }
  if (!peer_.tls_refusal.empty()) return refuse(replies::kTooManyTls, peer_.tls_refusal);
  if (!peer_.tls_available) return refuse(replies::kTlsTrouble);
  end_transaction();
  grant(replies::kReadyForTls);
  steps_.emplace_back(step::StartTls{});
  state_ = State::Handshake;
}

void ServerSession::Parts::secured() {
  // RFC 3207 section 4.2: both sides forget what was said before.
  peer_.secured = true;
  esmtp_ = false;
  authenticated_ = false;
  waiting_ = false;
  std::string().swap(helo_);
  lines_.clear();
  end_transaction();
  state_ = State::Command;
}

void ServerSession::Parts::rset(const Command& command) {
  if (!command.arguments.empty()) return syntax();
  end_transaction();
  grant(replies::kOk);
}

void ServerSession::Parts::vrfy(const Command& command) {
  if (!settings_.vrfy) return refuse(replies::kVrfyDisabled);
  if (settings_.helo_required && helo_.empty()) return refuse(replies::kHeloFirst);
  std::string_view address = command.arguments;
  // RFC 6531 section 3.7.4.2: a final word SMTPUTF8 asks for UTF-8.
  mail::PathRules rules;
  const std::size_t blank = address.find_last_of(" \t");
  if (blank != address.npos && iequals(address.substr(blank + 1), "SMTPUTF8")) {
    rules.utf8 = true;
    address = trim(address.substr(0, blank));
  }
  if (address.empty()) return syntax();
  mail::PathResult path = mail::parse_path(address, rules);
  if (auto* mailbox = std::get_if<mail::Mailbox>(&path); mailbox != nullptr && address.empty()) {
    return ask(Question::Verify, step::AskVerify{std::move(*mailbox)});
  }
  const auto* error = std::get_if<mail::PathError>(&path);
  const bool unicode = error != nullptr && *error == mail::PathError::NeedUtf8;
  refuse(unicode ? replies::kNeedSmtpUtf8 : replies::kBadRecipient);
}

void ServerSession::Parts::help() {
  std::string names;
  for (const VerbRow& row : verbs()) {
    const bool useless = row.verb == Verb::Unknown || row.verb == Verb::Expn ||
                         (row.verb == Verb::Auth && auth_offers(settings_, peer_).empty()) ||
                         (row.verb == Verb::Vrfy && !settings_.vrfy);
    if (useless) continue;
    if (!names.empty()) names += ' ';
    names += row.name;
  }
  grant(replies::kHelp, names);
}

void ServerSession::Parts::quit() {
  end_transaction();
  grant(replies::kBye);
  close();
}

bool ServerSession::Parts::rejects_bare_newline() const {
  return settings_.bare_newline == BareNewline::Reject && !peer_.trusted && !is_lenient();
}

Reply ServerSession::Parts::bare_newline_reply() const {
  Reply reply = make_reply(replies::kBareNewline, settings_.hostname);
  reply.code = settings_.bare_newline_reject_code;
  return reply;
}

}  // namespace gatepost::smtp
