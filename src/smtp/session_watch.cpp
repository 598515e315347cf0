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
  const auto shown = [this](std::string_view text) {
    return after_auth_ ? std::string(kNotShown) : hide_credentials(text);
  };
  if (line.bare_lf && watch.bare_newline) {
    watch.bare_newline = false;
    tell(Note::Kind::BareNewline, before, shown(line.text));
  }
  if (is_unproven() && line.too_long) {
    end_long_line(before);
    return true;
  }
  if (is_unproven() && verb_ != Verb::Quit && ++commands_ > watch.command_limit) {
    tell(Note::Kind::CommandCount, before, {});
    say(replies::kTryLater, settings_.hostname);
    return true;
  }
  if (watch.non_smtp && is_not_smtp(line, command)) {
    watch.non_smtp = false;
    tell(Note::Kind::NotSmtp, before, shown(line.text));
  }
  // A chunk follows its command.
  if (watch.pipelining && !told_impatience_ && !input.empty() && verb_ != Verb::Bdat) {
    told_impatience_ = true;
    tell(Note::Kind::Impatience, shown(command.word), shown(input.substr(0, kNoteText)));
  }
  return steps_.size() > had;
}

bool ServerSession::Parts::is_not_smtp(const Line& line, const Command& command) const {
  if (line.too_long || command.word.empty()) return false;
  return is_forbidden(command) || (command.verb == Verb::Unknown && !is_utf8(command.word));
}

void ServerSession::Parts::end_long_line(std::string_view before) {
  tell(Note::Kind::CommandLength, before, {});
  say(replies::kTryLater, settings_.hostname);
}

// No good client comes here: without PIPELINING it has heard that there is no recipient.
void ServerSession::Parts::end_without_recipients(Reply reply) {
  tell(Note::Kind::NoRecipients, where_);
  refuse(std::move(reply));
  close();
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
