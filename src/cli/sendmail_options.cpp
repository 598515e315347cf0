// SPDX-License-Identifier: Apache-2.0
// cli: the command line of sendmail(1).
#include "cli/sendmail_options.h"

#include <algorithm>
#include <array>
#include <getopt.h>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"

namespace gatepost::cli {
namespace {

using Action = SendmailOption::Action;
using Takes = SendmailOption::Takes;

constexpr std::array kOptions{
#define GP_OPTION(letter, takes, action, argument, text) \
  SendmailOption{letter, Takes::takes, Action::action, argument, text},
#include "cli/sendmail_options.def"
#undef GP_OPTION
};

constexpr std::array<option, 2> kLong{{
    {"help", no_argument, nullptr, 256},
    {nullptr, 0, nullptr, 0},
}};

constexpr std::size_t kMostEnvelopeId = 100;  // RFC 3461 section 4.4

Error usage(std::string detail) {
  return Error{Cause::Permanent, std::move(detail), 0};
}

std::string getopt_letters() {
  std::string out(":");
  for (const SendmailOption& row : kOptions) {
    out.push_back(row.letter);
    if (row.takes == Takes::Value) out += ":";
    if (row.takes == Takes::Attached) out += "::";
  }
  return out;
}

Result<void> set_notify(std::string_view value, mail::Notify& notify) {
  for (const std::string_view word : split(value, ", ")) {
    if (iequals(word, "never")) {
      notify.never = true;
    } else if (iequals(word, "success")) {
      notify.success = true;
    } else if (iequals(word, "failure")) {
      notify.failure = true;
    } else if (iequals(word, "delay")) {
      notify.delay = true;
    } else {
      return usage(format("-N: expected never, failure, delay or success, not {}",
                          printable(word, limits::kLogText)));
    }
  }
  const bool other = notify.success || notify.failure || notify.delay;
  if (!notify.stated() || (notify.never && other)) return usage("-N: never stands alone");
  return {};
}

Result<void> set_mode(std::string_view value, SendmailCall& call) {
  using Mode = SendmailCall::Mode;
  const char mode = value.size() == 1 ? value.front() : '\0';
  switch (mode) {
    case 'm':
      call.mode = Mode::Send;
      return {};
    case 's':
      call.mode = Mode::Smtp;
      return {};
    case 'p':
      call.mode = Mode::Queue;
      return {};
    case 'i':
      call.mode = Mode::Aliases;
      return {};
    case 'v':
      call.mode = Mode::Verify;
      return {};
    case 'd':
    case 'D':
    case 'l':
      call.mode = Mode::Daemon;
      return {};
    default:
      return usage(format("-b{}: no such mode here", printable(value, limits::kLogText)));
  }
}

bool says_ignore_dots(std::string_view value) {
  return value == "i" || iequals(value, "IgnoreDots") || iequals(value, "IgnoreDots=yes") ||
         iequals(value, "IgnoreDots=true");
}

Result<void> apply(Action action, std::string_view value, SendmailCall& call) {
  switch (action) {
    case Action::ReadRecipients:
      call.read_recipients = true;
      break;
    case Action::IgnoreDots:
      call.ignore_dots = true;
      break;
    case Action::Sender:
      call.has_sender = true;
      call.sender = value;
      break;
    case Action::FullName:
      call.full_name = value;
      break;
    case Action::Notify:
      return set_notify(value, call.notify);
    case Action::EnvelopeId:
      if (value.size() > kMostEnvelopeId || !is_ascii(value) ||
          printable(value, value.size()) != value) {
        return usage("-V: expected at most 100 printable characters");
      }
      call.options.envelope_id = value;
      break;
    case Action::Return:
      if (!iequals(value, "full") && !iequals(value, "hdrs")) {
        return usage("-R: expected full or hdrs");
      }
      call.options.ret = iequals(value, "full") ? mail::Return::Full : mail::Return::Headers;
      break;
    case Action::BodyType:
      if (!iequals(value, "7bit") && !iequals(value, "8bitmime")) {
        return usage("-B: expected 7BIT or 8BITMIME");
      }
      call.options.body = iequals(value, "7bit") ? mail::Body::SevenBit : mail::Body::EightBitMime;
      break;
    case Action::Mode:
      return set_mode(value, call);
    case Action::Configuration:
      call.configuration = value;
      break;
    case Action::Gateway:
      call.gateway = true;
      break;
    case Action::Flush:
      if (call.mode == SendmailCall::Mode::Send) call.mode = SendmailCall::Mode::Flush;
      break;
    case Action::Aliases:
      call.mode = SendmailCall::Mode::Aliases;
      break;
    case Action::OldOption:
    case Action::LongOption:
      call.ignore_dots = call.ignore_dots || says_ignore_dots(value);
      break;
    case Action::Ignored:
      break;
  }
  return {};
}

}  // namespace

std::span<const SendmailOption> sendmail_options() {
  return kOptions;
}

Result<SendmailCall> parse_sendmail(Arguments arguments) {
  std::vector<std::string> texts{"sendmail"};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(texts.size() + 1);
  for (std::string& text : texts) argv.push_back(text.data());
  const int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);

  const std::string letters = getopt_letters();
  SendmailCall call;
  optind = 0;  // Forgets an earlier call, in glibc and in musl.
  opterr = 0;
  for (;;) {
    const int found = ::getopt_long(argc, argv.data(), letters.c_str(), kLong.data(), nullptr);
    if (found == -1) break;
    if (found == 256) {
      call.help = true;
      continue;
    }
    const char shown = (found == ':' || found == '?') ? static_cast<char>(optopt) : '\0';
    if (found == ':') return usage(format("-{} needs a value", printable({&shown, 1}, 1)));
    const auto row = std::find_if(kOptions.begin(), kOptions.end(), [found](const auto& one) {
      return one.letter == static_cast<char>(found);
    });
    if (row == kOptions.end()) {
      return usage(format("unknown option -{}", printable({&shown, 1}, 1)));
    }
    GP_CHECK(apply(row->action, optarg == nullptr ? "" : optarg, call));
  }
  for (int i = optind; i < argc; ++i) {
    call.recipients.emplace_back(argv[static_cast<std::size_t>(i)]);
  }
  return call;
}

}  // namespace gatepost::cli
