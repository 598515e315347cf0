// SPDX-License-Identifier: Apache-2.0
// smtp: the client's side of one LMTP conversation.
#include "smtp/client_session.h"

#include <algorithm>
#include <utility>

#include "base/format.h"
#include "base/text.h"

namespace gatepost::smtp {
namespace {

using Fate = ClientOutcome::Fate;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Whether one of the lines begins with the keyword.
bool offers(std::string_view extensions, std::string_view keyword) {
  while (!extensions.empty()) {
    const std::size_t end = std::min(extensions.find('\n'), extensions.size());
    std::string_view line = extensions.substr(0, end);
    extensions.remove_prefix(std::min(end + 1, extensions.size()));
    if (iequals(take_word(line, " \t"), keyword)) return true;
  }
  return false;
}

}  // namespace

ClientSession::ClientSession(Settings settings, const mail::Envelope& envelope)
    : settings_(std::move(settings)), envelope_(envelope), outcomes_(envelope.recipients.size()) {}

ClientSession::Need ClientSession::need() const {
  if (state_ == State::Over) return Need::Close;
  return state_ == State::Text ? Need::Text : Need::Input;
}

Duration ClientSession::timeout() const {
  if (state_ == State::Text) return settings_.data_timeout;
  return state_ == State::Dot ? settings_.done_timeout : settings_.command_timeout;
}

std::string_view ClientSession::stage() const {
  switch (state_) {
    case State::Greeting:
      return "receiving the initial server greeting";
    case State::Hello:
      return "performing the LHLO handshake";
    case State::Envelope:
      return answered_ == 0 ? "sending MAIL FROM" : "sending RCPT TO";
    case State::Data:
      return "sending DATA command";
    case State::Text:
      return "sending message body";
    case State::Dot:
      return "sending end of data -- message may be sent more than once";
    case State::Over:
      break;
  }
  return "sending QUIT";
}

void ClientSession::receive(std::string_view octets) {
  while (state_ != State::Over && !octets.empty()) {
    const auto reply = reader_.feed(octets);
    if (reader_.broken()) {
      lost("broken reply");
      return;
    }
    if (!reply) return;
    if (state_ == State::Text) {
      // Nothing is due now: what comes is either about the connection or makes no sense.
      lost(reply->code == 421 ? "server closing" : "reply out of turn");
      return;
    }
    on_reply(*reply, reader_.extensions());
  }
}

void ClientSession::on_reply(const Reply& reply, std::string_view extensions) {
  if (reply.code == 421) {
    decide_all(reply, stage());
    quit();
    return;
  }
  switch (state_) {
    case State::Greeting:
      if (reply.code / 100 != 2) {
        refused(reply);
        return;
      }
      output_ += format("LHLO {}\r\n", settings_.hostname);
      state_ = State::Hello;
      return;
    case State::Hello:
      on_hello(reply, extensions);
      return;
    case State::Envelope:
      on_envelope(reply);
      return;
    case State::Data:
      on_data(reply);
      return;
    case State::Dot:
      on_dot(reply);
      return;
    case State::Text:
    case State::Over:
      return;
  }
}

void ClientSession::on_hello(const Reply& reply, std::string_view extensions) {
  if (reply.code / 100 != 2) {
    refused(reply);
    return;
  }
  pipelining_ = offers(extensions, "PIPELINING");
  eight_bit_ = offers(extensions, "8BITMIME");
  utf8_ = offers(extensions, "SMTPUTF8");
  size_ = offers(extensions, "SIZE");
  bool plain = is_ascii(envelope_.sender.text());
  for (const mail::Recipient& each : envelope_.recipients) {
    plain = plain && is_ascii(each.mailbox.text());
  }
  state_ = State::Envelope;
  if (!plain && !utf8_) {
    // RFC 6531 section 3.2: there is no way to say such an address.
    const Reply refusal{553, "5.6.7",
                        "SMTPUTF8 is required, but was not offered by host " + settings_.peer};
    decide_all(refusal, "");
    quit();
    return;
  }
  say_next();
}

std::string ClientSession::mail_command() const {
  std::string out = format("MAIL FROM:<{}>", envelope_.sender.text());
  if (size_ && settings_.size > 0) append_format(out, " SIZE={}", settings_.size);
  if (eight_bit_ && envelope_.options.body == mail::Body::EightBitMime) out += " BODY=8BITMIME";
  if (utf8_ && envelope_.options.smtputf8) out += " SMTPUTF8";
  return out + "\r\n";
}

void ClientSession::say_next() {
  const std::size_t all = envelope_.recipients.size() + 1;
  while (said_ < all && (pipelining_ || said_ == answered_)) {
    if (said_ == 0) {
      output_ += mail_command();
    } else {
      output_ += format("RCPT TO:<{}>\r\n", envelope_.recipients[said_ - 1].mailbox.text());
    }
    ++said_;
  }
}

void ClientSession::on_envelope(const Reply& reply) {
  const std::size_t which = answered_++;
  if (which == 0) {
    if (reply.code / 100 != 2) {
      decide_all(reply, "MAIL FROM");
      quit();
      return;
    }
  } else if (reply.code / 100 == 2) {
    outcomes_[which - 1].fate = Fate::Accepted;
    outcomes_[which - 1].reply = reply;
  } else {
    decide(outcomes_[which - 1], reply, "RCPT TO");
    outcomes_[which - 1].own = true;
  }
  if (answered_ == envelope_.recipients.size() + 1) {
    after_envelope();
  } else {
    say_next();
  }
}

void ClientSession::after_envelope() {
  const bool any = std::any_of(outcomes_.begin(), outcomes_.end(),
                               [](const ClientOutcome& one) { return one.fate == Fate::Accepted; });
  if (!any || settings_.probe) {
    quit();
    return;
  }
  output_ += "DATA\r\n";
  state_ = State::Data;
}

void ClientSession::on_data(const Reply& reply) {
  if (reply.code / 100 == 2) {
    // Who says that the message is there before it was sent has lost the thread.
    lost("reply out of turn");
    return;
  }
  if (reply.code / 100 != 3) {
    decide_all(reply, "DATA");
    quit();
    return;
  }
  state_ = State::Text;
}

void ClientSession::text(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    if (line_start_ && part.starts_with('.')) output_.push_back('.');
    output_.append(part);
    line_start_ = end != std::string_view::npos;
    if (!line_start_) return;
    output_ += "\r\n";
    piece.remove_prefix(end + 1);
  }
}

void ClientSession::end_text() {
  output_ += line_start_ ? ".\r\n" : "\r\n.\r\n";
  state_ = State::Dot;
}

void ClientSession::on_dot(const Reply& reply) {
  // RFC 2033 section 4.2: one reply for each recipient that was accepted, in their order.
  while (dotted_ < outcomes_.size() && outcomes_[dotted_].fate != Fate::Accepted) ++dotted_;
  if (dotted_ < outcomes_.size()) decide(outcomes_[dotted_++], reply, "end of DATA");
  const bool more = std::any_of(
      outcomes_.begin() + static_cast<std::ptrdiff_t>(std::min(dotted_, outcomes_.size())),
      outcomes_.end(), [](const ClientOutcome& one) { return one.fate == Fate::Accepted; });
  if (!more) quit();
}

void ClientSession::decide(ClientOutcome& outcome, const Reply& reply, std::string_view command) {
  const bool good = reply.code / 100 == 2;
  const bool never = reply.code / 100 == 5;
  outcome.fate = good ? Fate::Delivered : never ? Fate::Failed : Fate::Deferred;
  outcome.reply = reply;
  outcome.status = reply.enhanced;
  if (outcome.status.empty()) outcome.status = good ? "2.0.0" : never ? "5.0.0" : "4.0.0";
  if (good) {
    outcome.reason = format_said(reply);
  } else if (command.empty()) {
    outcome.reason = reply.text;
  } else {
    outcome.reason =
        format("host {} said: {} (in reply to {})", settings_.peer, format_said(reply), command);
  }
}

void ClientSession::decide_all(const Reply& reply, std::string_view command) {
  for (ClientOutcome& outcome : outcomes_) {
    if (outcome.fate == Fate::Unknown || outcome.fate == Fate::Accepted) {
      decide(outcome, reply, command);
    }
  }
}

void ClientSession::quit() {
  output_ += "QUIT\r\n";
  state_ = State::Over;
}

void ClientSession::lost(std::string_view why) {
  if (state_ == State::Over) return;
  defer_all("4.4.2", format("{} with {} while {}", why, settings_.peer, stage()));
  state_ = State::Over;
}

// Also a 5yz: it is said about the host, not about this message, and can be set right there.
void ClientSession::refused(const Reply& reply) {
  defer_all("4.3.0",
            format("host {} refused to talk to me: {}", settings_.peer, format_said(reply)));
  quit();
}

void ClientSession::defer_all(std::string_view status, const std::string& reason) {
  for (ClientOutcome& outcome : outcomes_) {
    if (outcome.fate != Fate::Unknown && outcome.fate != Fate::Accepted) continue;
    outcome.fate = Fate::Deferred;
    outcome.status = std::string(status);
    outcome.reply = Reply{0, {}, {}};
    outcome.reason = reason;
  }
}

}  // namespace gatepost::smtp
