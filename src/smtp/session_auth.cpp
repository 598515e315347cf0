// SPDX-License-Identifier: Apache-2.0
// smtp: the server machine: AUTH (RFC 4954).
#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "smtp/extensions.h"
#include "smtp/session_parts.h"

namespace gatepost::smtp {
namespace {

// The one of `names` that is `word` in any case; empty when there is none.
std::string find_mechanism(std::span<const std::string> names, std::string_view word) {
  const auto same = [word](const std::string& name) { return iequals(name, word); };
  const auto found = std::find_if(names.begin(), names.end(), same);
  return found == names.end() ? std::string() : *found;
}

}  // namespace

void ServerSession::Parts::auth(const Command& command) {
  const bool enabled = !settings_.auth_mechanisms.empty() || !settings_.auth_mechanisms_tls.empty();
  if (!enabled || is_hidden(Extension::Auth, settings_, peer_)) return refuse(replies::kNoAuth);
  // RFC 4954 section 3: AUTH is known from EHLO only; HELO offers nothing.
  if (!esmtp_) return refuse(replies::kHeloFirst);
  if (transaction_) return refuse(replies::kAuthInMail);
  if (settings_.auth_tls_only && !peer_.secured) return refuse(replies::kAuthNeedsTls);
  if (authenticated_) return refuse(replies::kAuthTwice);
  std::string_view rest = command.arguments;
  const std::string_view word = take_word(rest, " \t");
  rest = trim(rest);
  if (word.empty() || rest.find_first_of(" \t") != rest.npos) return syntax();
  std::string mechanism = find_mechanism(auth_offers(settings_, peer_), word);
  if (mechanism.empty()) {
    // RFC 4954 section 4: 504, also for one that needs TLS first.
    const bool later =
        !peer_.secured && !find_mechanism(settings_.auth_mechanisms_tls, word).empty();
    return refuse(later ? replies::kAuthNeedsTls : replies::kAuthUnknown);
  }
  step::AskAuth question{std::move(mechanism), std::nullopt};
  if (rest == "=") {
    question.initial.emplace();
  } else if (!rest.empty()) {
    auto octets = decode_base64(rest);
    if (!octets) return refuse(replies::kAuthNotBase64);
    question.initial.emplace(*std::move(octets));
  }
  in_auth_ = true;
  ask(Question::Auth, std::move(question));
}

std::optional<Step> ServerSession::Parts::read_auth(std::string_view& input, Instant now) {
  if (stopping_) {
    say(replies::kShutdown, settings_.hostname);
    close();
    return std::nullopt;
  }
  got_input_ = got_input_ || !input.empty();
  const auto line = lines_.take(input, settings_.auth_response_limit);
  if (!line) return wait(now);
  waiting_ = false;
  state_ = State::Command;
  if (line->bare_lf && rejects_bare_newline()) {
    end_auth();
    refuse_and_tell(bare_newline_reply());
    return std::nullopt;
  }
  // Our next challenge or verdict must be awaited (RFC 4954 section 4: last in a group).
  if (!input.empty() && settings_.forbid_unauth_pipelining) {
    tell(Note::Kind::Pipelining, kNotShown);
    say(replies::kPipelining);
    close();
    return std::nullopt;
  }
  const bool endless = line->endless;
  on_response(*line);
  if (endless) close();
  return std::nullopt;
}

void ServerSession::Parts::on_response(const Line& line) {
  if (line.too_long) return fail_auth(replies::kAuthTooLong, "response limit exceeded");
  if (line.text == "*") return fail_auth(replies::kAuthAborted, {});
  auto octets = decode_base64(line.text);
  if (!octets) return fail_auth(replies::kAuthNotBase64, "malformed base64");
  ask(Question::Auth, step::AskAuthResponse{Secret(*std::move(octets))});
  // The line held a password, as likely as not.
  lines_.clear();
}

void ServerSession::Parts::fail_auth(const ReplyRow& row, std::string_view why) {
  tell(Note::Kind::AuthFailed, why);
  end_auth();
  refuse(row);
}

void ServerSession::Parts::auth_ruled(Ruling ruling) {
  if (ruling.reply.code == 334) {
    state_ = State::Auth;
    say(Reply{334, "", encode_base64(ruling.reply.text)});
    return;
  }
  in_auth_ = false;
  if (ruling.delay > Duration::zero()) steps_.emplace_back(step::Pause{ruling.delay});
  if (!ruling.accepts()) return refuse(std::move(ruling.reply));
  authenticated_ = true;
  tally_.granted(verb_);
  say(std::move(ruling.reply));
}

void ServerSession::Parts::end_auth() {
  if (std::exchange(in_auth_, false)) steps_.emplace_back(step::DropAuth{});
}

}  // namespace gatepost::smtp
