// SPDX-License-Identifier: Apache-2.0
// smtp: the server machine: MAIL and RCPT.
#include <utility>

#include "base/text.h"
#include "mail/path.h"
#include "smtp/parameters.h"
#include "smtp/session_parts.h"

namespace gatepost::smtp {
namespace {

// Takes "FROM:" or "TO:" off the arguments.
bool take_label(std::string_view& arguments, std::string_view label) {
  if (!istarts_with(arguments, label)) return false;
  arguments.remove_prefix(label.size());
  return true;
}

}  // namespace

void ServerSession::Parts::mail(const Command& command) {
  if (settings_.helo_required && helo_.empty()) return refuse(replies::kHeloFirst);
  if (chunks_ != Chunks::None) return refuse(replies::kAfterBdat, "Error: MAIL");
  if (transaction_) return refuse(replies::kNestedMail);
  std::string_view rest = command.arguments;
  if (!take_label(rest, "FROM:") || trim(rest).empty()) return syntax();
  // SMTPUTF8 comes after the path it is about: read both, then compare.
  mail::PathResult path =
      mail::parse_path(rest, {.utf8 = true, .strict = settings_.strict_envelopes, .null = true});
  auto* mailbox = std::get_if<mail::Mailbox>(&path);
  if (mailbox == nullptr) return refuse(replies::kBadSender);
  auto fresh = std::make_unique<Transaction>();
  fresh->text_limit = settings_.message_size_limit;
  fresh->envelope.sender = std::move(*mailbox);
  mail::SenderOptions& options = fresh->envelope.options;
  auto refusal = parse_sender_options(rest, settings_, peer_, options);
  const mail::Mailbox& sender = fresh->envelope.sender;
  if (!refusal && !options.smtputf8 && !(is_ascii(sender.local) && is_ascii(sender.domain))) {
    refusal = make_reply(replies::kNeedSmtpUtf8);
  }
  if (refusal) {
    // The log names the sender it was about.
    spent_ = std::move(fresh);
    if (refusal->code == replies::kSizeAtMail.code) return refuse_and_tell(*std::move(refusal));
    return refuse(*std::move(refusal));
  }
  transaction_ = std::move(fresh);
  ask(Question::Sender, step::AskSender{});
}

void ServerSession::Parts::sender_ruled(Ruling ruling) {
  if (ruling.accepts()) {
    tally_.granted(verb_);
    return say(std::move(ruling.reply));
  }
  end_transaction();
  refuse(std::move(ruling.reply));
}

void ServerSession::Parts::rcpt(const Command& command) {
  if (chunks_ != Chunks::None) return refuse(replies::kAfterBdat, "Error: RCPT");
  if (!transaction_) return refuse(replies::kNeedMail);
  std::string_view rest = command.arguments;
  if (!take_label(rest, "TO:") || trim(rest).empty()) return syntax();
  const bool utf8 = transaction_->envelope.options.smtputf8;
  mail::PathResult path =
      mail::parse_path(rest, {.utf8 = utf8, .strict = settings_.strict_envelopes, .null = false});
  if (const auto* error = std::get_if<mail::PathError>(&path)) {
    return refuse(*error == mail::PathError::NeedUtf8 ? replies::kNeedSmtpUtf8
                                                      : replies::kBadRecipient);
  }
  mail::Recipient pending;
  pending.mailbox = std::get<mail::Mailbox>(std::move(path));
  auto refusal = parse_recipient_options(rest, settings_, peer_, utf8, pending);
  if (refusal) return refuse(*std::move(refusal));
  transaction_->pending = std::move(pending);
  const std::uint32_t limit = settings_.recipient_limit;
  if (limit > 0 && transaction_->envelope.recipients.size() >= limit) return too_many_recipients();
  ask(Question::Recipient, step::AskRecipient{});
}

// A list server may run past the limit in good faith and takes 452 as "the rest later"
// (RFC 5321 section 4.5.3.1.10), so that alone is no error until it goes on and on.
void ServerSession::Parts::too_many_recipients() {
  const Reply reply = make_reply(replies::kTooManyRecipients);
  const std::uint32_t so_far = transaction_->overshoot++;
  if (so_far == 0) tell(Note::Kind::Refused, format_reply(reply));
  if (so_far < settings_.recipient_overshoot_limit) return say(reply);
  refuse(reply);
}

void ServerSession::Parts::recipient_ruled(Ruling ruling) {
  if (!ruling.accepts()) return refuse(std::move(ruling.reply));
  transaction_->envelope.recipients.push_back(std::move(transaction_->pending));
  tally_.granted(verb_);
  say(std::move(ruling.reply));
}

}  // namespace gatepost::smtp
