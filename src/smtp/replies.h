// SPDX-License-Identifier: Apache-2.0
// smtp: every reply the server machine gives of its own, as rows, and their form on the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "smtp/steps.h"

namespace gatepost::smtp {

/// Where a detail stands in the text of a row.
enum class Detail : std::uint8_t { None, Before, After };

struct ReplyRow {
  std::uint16_t code;
  std::string_view enhanced;
  std::string_view text;
  Detail detail = Detail::None;
};

/// The reply of a row; `detail` is the host name or the thing complained about.
[[nodiscard]] Reply make_reply(const ReplyRow& row, std::string_view detail = {});

/// Appends the wire form (RFC 5321 section 4.2.1): each line of the text with code and
/// enhanced code, at most 512 octets with CRLF; control characters become spaces, octets that
/// are not UTF-8 become `?`, and the class of the enhanced code follows the code.
void append_reply(std::string& out, const Reply& reply);

/// One line for logs: "550 5.1.1 text". Line breaks become spaces.
[[nodiscard]] std::string format_reply(const Reply& reply);

namespace replies {

// Connections turned away
inline constexpr ReplyRow kAllBusy{421, "4.3.2", "All server ports are busy"};
inline constexpr ReplyRow kTooManyConnections{421, "4.7.0", " Error: too many connections from ",
                                              Detail::Before};

// Session
inline constexpr ReplyRow kGreeting{220, "", "", Detail::After};
inline constexpr ReplyRow kBye{221, "2.0.0", "Bye"};
inline constexpr ReplyRow kNotSmtp{221, "2.7.0", "Error: I can break rules, too. Goodbye."};
inline constexpr ReplyRow kOk{250, "2.0.0", "Ok"};
inline constexpr ReplyRow kHello{250, "", "", Detail::After};
inline constexpr ReplyRow kShutdown{421, "4.3.2", " Server shutting down", Detail::Before};
inline constexpr ReplyRow kTimeout{421, "4.4.2", " Error: timeout exceeded", Detail::Before};
inline constexpr ReplyRow kTooManyErrors{421, "4.7.0", " Error: too many errors", Detail::Before};
inline constexpr ReplyRow kPipelining{554, "5.5.0", "Error: SMTP protocol synchronization"};

// Command lines
inline constexpr ReplyRow kBadSyntax{500, "5.5.2", "Error: bad syntax"};
inline constexpr ReplyRow kBadUtf8{500, "5.5.2", "Error: bad UTF-8 syntax"};
inline constexpr ReplyRow kLineTooLong{500, "5.5.2", "Error: line too long"};
inline constexpr ReplyRow kNotRecognized{500, "5.5.2", "Error: command not recognized"};
inline constexpr ReplyRow kNotImplemented{502, "5.5.1", "Error: command not implemented"};
/// The code is a setting.
inline constexpr ReplyRow kBareNewline{550, "5.5.2", " Error: bare <LF> received", Detail::Before};
inline constexpr ReplyRow kSyntax{501, "5.5.4", "Syntax: ", Detail::After};

// HELO, EHLO, STARTTLS, AUTH, VRFY, HELP
inline constexpr ReplyRow kHeloSyntax{501, "", "Syntax: ", Detail::After};
inline constexpr ReplyRow kHeloFirst{503, "5.5.1", "Error: send HELO/EHLO first"};
inline constexpr ReplyRow kReadyForTls{220, "2.0.0", "Ready to start TLS"};
inline constexpr ReplyRow kTlsFirst{530, "5.7.0", "Must issue a STARTTLS command first"};
inline constexpr ReplyRow kTlsActive{554, "5.5.1", "Error: TLS already active"};
inline constexpr ReplyRow kTlsTrouble{454, "4.7.0", "TLS not available due to local problem"};
inline constexpr ReplyRow kNoAuth{503, "5.5.1", "Error: authentication not enabled"};
inline constexpr ReplyRow kAuthInMail{503, "5.5.1", "Error: MAIL transaction in progress"};
inline constexpr ReplyRow kAuthTwice{503, "5.5.1", "Error: already authenticated"};
inline constexpr ReplyRow kAuthNeedsTls{
    504, "5.5.4", "Encryption required for requested authentication mechanism"};
inline constexpr ReplyRow kAuthUnknown{504, "5.5.4", "Unrecognized authentication type"};
inline constexpr ReplyRow kAuthAborted{501, "5.7.0", "Authentication aborted"};
inline constexpr ReplyRow kAuthTooLong{500, "5.5.6", "SASL response limit exceeded"};
inline constexpr ReplyRow kAuthNotBase64{501, "5.5.2", "Error: malformed base64 in authentication"};
inline constexpr ReplyRow kAuthDone{235, "2.7.0", "Authentication successful"};
inline constexpr ReplyRow kVrfyDisabled{502, "5.5.1", "VRFY command is disabled"};
inline constexpr ReplyRow kExpnDisabled{502, "5.5.1", "EXPN command is disabled"};
inline constexpr ReplyRow kHelp{214, "2.0.0", "Commands: ", Detail::After};

// MAIL and RCPT
inline constexpr ReplyRow kNestedMail{503, "5.5.1", "Error: nested MAIL command"};
inline constexpr ReplyRow kBadSender{501, "5.1.7", "Bad sender address syntax"};
inline constexpr ReplyRow kBadRecipient{501, "5.1.3", "Bad recipient address syntax"};
inline constexpr ReplyRow kNeedSmtpUtf8{553, "5.6.7",
                                        "Must declare SMTPUTF8 to send unicode address"};
inline constexpr ReplyRow kUnsupported{555, "5.5.4", "Unsupported option: ", Detail::After};
inline constexpr ReplyRow kTwice{501, "5.5.4", "Error: option given twice: ", Detail::After};
inline constexpr ReplyRow kBadBody{501, "5.5.4", "Bad BODY parameter syntax"};
inline constexpr ReplyRow kBadSize{501, "5.5.4", "Bad message size syntax"};
inline constexpr ReplyRow kBadRet{501, "5.5.4", "Bad RET parameter syntax"};
inline constexpr ReplyRow kBadEnvid{501, "5.5.4", "Bad ENVID parameter syntax"};
inline constexpr ReplyRow kBadNotify{501, "5.5.4", "Error: Bad NOTIFY parameter syntax"};
inline constexpr ReplyRow kBadAuthParameter{501, "5.5.4", "Bad AUTH parameter syntax"};
inline constexpr ReplyRow kBadOrcpt{501, "5.5.4", "Error: Bad ORCPT parameter syntax"};
inline constexpr ReplyRow kSizeAtMail{552, "5.3.4", "Message size exceeds fixed limit"};
inline constexpr ReplyRow kNeedMail{503, "5.5.1", "Error: need MAIL command"};
inline constexpr ReplyRow kTooManyRecipients{452, "4.5.3", "Error: too many recipients"};

// DATA and BDAT
inline constexpr ReplyRow kNeedRcpt{503, "5.5.1", "Error: need RCPT command"};
inline constexpr ReplyRow kNoRecipients{554, "5.5.1", "Error: no valid recipients"};
inline constexpr ReplyRow kSendText{354, "", "End data with <CR><LF>.<CR><LF>"};
inline constexpr ReplyRow kAfterBdat{503, "5.5.1", " after BDAT", Detail::Before};
inline constexpr ReplyRow kChunkTooLarge{552, "5.3.4", "Chunk exceeds message size limit"};
inline constexpr ReplyRow kDiscarded{551, "5.0.0", " after earlier error", Detail::Before};
inline constexpr ReplyRow kTooLarge{552, "5.3.4", "Error: message file too big"};
inline constexpr ReplyRow kHeaderTooLarge{552, "5.3.4", "Error: message header too big"};
inline constexpr ReplyRow kTooManyHops{554, "5.4.0", "Error: too many hops"};

}  // namespace replies
}  // namespace gatepost::smtp
