// SPDX-License-Identifier: Apache-2.0
// smtp: the server machine: clients that have not proved themselves are watched (postscreen(8)).
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "smtp/session_parts.h"

namespace gatepost::smtp {

bool ServerSession::Parts::watch_line(const Line& line,
                                      const Command& command,
                                      std::string_view before,
                                      std::string_view input) {
  Watch& watch = peer_.watch;
  const std::size_t had = steps_.size();
  if (line.bare_lf && watch.bare_newline) {
    watch.bare_newline = false;
    tell(Note::Kind::BareNewline, before, {});
  }
  if (watch.command_limit > 0 && line.too_long) {
    tell(Note::Kind::CommandLength, before, {});
    say(replies::kTryLater, settings_.hostname);
    return true;
  }
  if (watch.command_limit > 0 && verb_ != Verb::Quit && ++commands_ > watch.command_limit) {
    tell(Note::Kind::CommandCount, before, {});
    say(replies::kTryLater, settings_.hostname);
    return true;
  }
  if (watch.non_smtp && is_not_smtp(line, command)) {
    watch.non_smtp = false;
    const auto kind = Note::Kind::NotSmtp;
    tell(kind, before, after_auth_ ? std::string(kNotShown) : hide_credentials(line.text));
  }
  // A chunk follows its command.
  if (watch.pipelining && !told_impatience_ && !input.empty() && verb_ != Verb::Bdat) {
    told_impatience_ = true;
    tell_input(Note::Kind::Impatience, input);
  }
  return steps_.size() > had;
}

bool ServerSession::Parts::is_not_smtp(const Line& line, const Command& command) const {
  if (line.too_long || command.word.empty()) return false;
  return is_forbidden(command) || !is_utf8(line.text);
}

void ServerSession::Parts::no_recipients() {
  if (peer_.watch.on) tell(Note::Kind::NoRecipients, where_);
}

void ServerSession::Parts::trust() {
  peer_.watch.command_limit = 0;
  peer_.watch.command_time = {};
}

void ServerSession::Parts::distrust() {
  distrusted_ = true;
}

void ServerSession::Parts::dismiss(Reply reply) {
  GP_ASSERT(question_ == Question::None || taken_ < steps_.size());
  question_ = Question::None;
  steps_.clear();
  taken_ = 0;
  end_transaction();
  steps_.emplace_back(step::Say{std::move(reply)});
  close();
}

}  // namespace gatepost::smtp
