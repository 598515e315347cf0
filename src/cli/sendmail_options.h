// SPDX-License-Identifier: Apache-2.0
// cli: the command line of sendmail(1).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "mail/envelope.h"

namespace gatepost::cli {

/// One row of sendmail_options.def.
struct SendmailOption {
  enum class Takes : std::uint8_t { Nothing, Value, Attached };
  enum class Action : std::uint8_t {
    ReadRecipients,
    IgnoreDots,
    Sender,
    FullName,
    Notify,
    EnvelopeId,
    Return,
    BodyType,
    Mode,
    Configuration,
    Gateway,
    Flush,
    Aliases,
    OldOption,
    LongOption,
    Ignored,
  };
  char letter;
  Takes takes;
  Action action;
  std::string_view argument;
  std::string_view text;
};
[[nodiscard]] std::span<const SendmailOption> sendmail_options();

struct SendmailCall {
  enum class Mode : std::uint8_t { Send, Smtp, Queue, Aliases, Verify, Daemon, Flush };
  Mode mode = Mode::Send;
  std::string configuration{kDefaultConfiguration};
  bool read_recipients = false;
  bool ignore_dots = false;
  bool gateway = false;
  bool help = false;
  bool has_sender = false;  ///< `sender` was given; empty: none.
  std::string sender;
  std::string full_name;
  mail::Notify notify;
  mail::SenderOptions options;
  std::vector<std::string> recipients;
};

/// Options in any place, joined and with their values attached or not, as getopt(3) reads them;
/// `--` ends them. The error is one line for the user.
[[nodiscard]] Result<SendmailCall> parse_sendmail(Arguments arguments);

}  // namespace gatepost::cli
