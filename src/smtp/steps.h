// SPDX-License-Identifier: Apache-2.0
// smtp: what the server machine asks its driver to do, and what the driver tells it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/secret.h"
#include "base/time.h"
#include "mail/envelope.h"

namespace gatepost::smtp {

/// A reply before it is put on the wire (RFC 5321 section 4.2). `text` may hold several
/// lines separated by '\n'; each gets the code and, where there is one, the enhanced code.
struct Reply {
  std::uint16_t code = 250;
  std::string enhanced;  ///< "2.1.5" (RFC 2034); empty for greeting, EHLO and 354.
  std::string text;

  [[nodiscard]] bool positive() const { return code < 400; }
  bool operator==(const Reply&) const = default;
};

/// The world's answer to a question the machine asked.
struct Ruling {
  Reply reply;           ///< Said to the peer; positive replies accept.
  Duration delay{};      ///< Wait before saying it (verdicts on AUTH): guessing is to be slow.
  bool hang_up = false;  ///< Close after saying it (421 and 521 do so by themselves).

  [[nodiscard]] bool accepts() const { return reply.positive(); }
};

/// What the log learns from the machine, which does not log itself.
struct Note {
  enum class Kind : std::uint8_t {
    NonSmtpCommand,  ///< smtpd_forbidden_commands matched; text is the line, as Pipelining's.
    Pipelining,      ///< Input ahead of a reply that had to be awaited; text is that input, without
                     ///< what may be credentials.
    TooManyErrors,   ///< smtpd_hard_error_limit reached; text is the last command.
    Timeout,         ///< The peer was silent or slow too long.
    Refused,         ///< A command was refused by the machine itself; text is the reply.
    AuthFailed,      ///< An exchange ended before a ruling; text says why, empty: given up.
    // Of clients that are watched (Watch), told before anything is said about the line.
    BareNewline,    ///< A command line ended in LF without CR; text is the line.
    NotSmtp,        ///< No command of SMTP; text is the line.
    Impatience,     ///< Input behind a command; text is that input, after is the command as sent.
    CommandCount,   ///< More commands than the watch allows: 421 follows.
    CommandLength,  ///< A line longer than line_length_limit: 421 follows.
    NoRecipients,  ///< DATA or BDAT without a recipient, which ends the session; text is the command.
  };
  Kind kind = Kind::Refused;
  std::string after;  ///< The command at hand: CONNECT, EHLO, RCPT, DATA ...
  std::string text;   ///< Peer text, raw: the event escapes and cuts it.
};

namespace step {
/// Flush what was said, then read more, until deadline().
struct NeedInput {};
/// Queue this reply for the peer.
struct Say {
  Reply reply;
};
/// Wait before the next reply goes out (smtpd_error_sleep_time); flush first.
struct Pause {
  Duration time{};
};
/// Something for the log.
struct Tell {
  Note note;
};
/// May this sender open a transaction? session.envelope() holds it. Answer with 250 2.1.0.
struct AskSender {};
/// May this recipient be added? It is pending_recipient(). Answer with 250 2.1.5.
struct AskRecipient {};
/// VRFY: what is to be said about this address? Asked only where VRFY is on.
struct AskVerify {
  mail::Mailbox mailbox;
};
/// AUTH (RFC 4954): begins an exchange by `mechanism`, one of those offered, spelled as the
/// settings spell it. `initial`: the initial response, decoded; empty and no response at all are
/// not the same. Answer with 334 and the octets of the challenge as text (they are encoded here),
/// with 235, or with a refusal.
struct AskAuth {
  std::string mechanism;
  std::optional<Secret> initial;
};
/// The client's answer to the last challenge, decoded. Answer as to AskAuth.
struct AskAuthResponse {
  Secret octets;
};
/// The exchange under way is over without a ruling; no answer.
struct DropAuth {};
/// The text of envelope() is about to follow. A negative ruling refuses DATA (or the
/// first BDAT) as a whole; a positive one's reply is not sent.
struct AskText {};
/// Message text: dots unstuffed, every line ended by a single LF, never a CR. It opens with a
/// header field or the empty line that ends the header: a text that lacks both gets the line
/// from us. Borrowed until the next call.
struct Body {
  std::string_view octets;
};
/// Make the message durable, then rule on it.
struct AskCommit {};
/// Drop the text received since AskText; no answer.
struct Discard {};
/// Flush, shake hands, then call secured(), or end the session.
struct StartTls {};
/// Flush and close.
struct HangUp {};
}  // namespace step

using Step = std::variant<step::NeedInput,
                          step::Say,
                          step::Pause,
                          step::Tell,
                          step::AskSender,
                          step::AskRecipient,
                          step::AskVerify,
                          step::AskAuth,
                          step::AskAuthResponse,
                          step::DropAuth,
                          step::AskText,
                          step::Body,
                          step::AskCommit,
                          step::Discard,
                          step::StartTls,
                          step::HangUp>;

}  // namespace gatepost::smtp
