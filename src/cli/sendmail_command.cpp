// SPDX-License-Identifier: Apache-2.0
// cli: sendmail(1): mail from local programs.
#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/local_text.h"
#include "cli/sendmail_manual.h"
#include "cli/sendmail_options.h"
#include "cli/sendmail_smtp.h"
#include "cli/submission.h"
#include "mail/address_list.h"
#include "mail/compose.h"
#include "mail/header.h"

namespace gatepost::cli {
namespace {

// A header is held in memory until it ends. The largest real ones have some hundred kB.
constexpr std::size_t kMostHeader = 4UL * 1024 * 1024;

using Mailboxes = std::vector<mail::Mailbox>;

/// One message from standard input.
class Sending {
 public:
  Sending(const SendmailCall& call, Submitter& submitter)
      : call_(call), submitter_(submitter), text_(!call.ignore_dots) {}

  Failure run() {
    for (const auto step : {&Sending::find_sender, &Sending::find_recipients, &Sending::read_header,
                            &Sending::read_recipients, &Sending::send}) {
      Failure failure = (this->*step)();
      if (failure.status != 0) return failure;
    }
    return {};
  }

 private:
  Failure find_sender() {
    sender_.local = submitter_.login;
    if (!call_.full_name.empty()) submitter_.full_name = call_.full_name;
    if (!call_.has_sender) return {};
    const std::string_view given = trim(call_.sender);
    if (given.empty() || given == "<>") {
      sender_ = {};
      return {};
    }
    const mail::AddressList list = mail::parse_address_list(given);
    const bool lines = given.find_first_of("\r\n") != given.npos;
    if (list.addresses.size() != 1 || !list.faults.empty() || lines) {
      return {exits::kUsage, "-f: not an address: " + printable(given, limits::kLogText)};
    }
    // The name in the password file is not that of another address.
    const mail::Mailbox& other = list.addresses.front().mailbox;
    const bool own = other.local == submitter_.login &&
                     (other.domain.empty() || iequals(other.domain, submitter_.myorigin));
    if (!own && call_.full_name.empty()) submitter_.full_name.clear();
    sender_ = other;
    return {};
  }

  Failure find_recipients() {
    for (const std::string& word : call_.recipients) {
      mail::AddressList list = mail::parse_address_list(word);
      if (!list.faults.empty()) {
        return {exits::kDataError,
                "not an address: " + printable(list.faults.front(), limits::kLogText)};
      }
      for (mail::ListedAddress& one : list.addresses) add(std::move(one.mailbox));
    }
    if (!recipients_.empty() || call_.read_recipients) return {};
    return {exits::kUsage, "no recipients: give addresses, or -t to take them from the message"};
  }

  void add(mail::Mailbox mailbox) {
    if (mailbox.domain.empty()) mailbox.domain = submitter_.myorigin;
    const auto same = [&mailbox](const mail::Mailbox& one) {
      return one.local == mailbox.local && iequals(one.domain, mailbox.domain);
    };
    if (std::none_of(recipients_.begin(), recipients_.end(), same)) {
      recipients_.push_back(std::move(mailbox));
    }
  }

  /// Appends what comes next to text_in_; `more_` is false at its end.
  Failure read() {
    ssize_t got = ::read(STDIN_FILENO, buffer_.data(), buffer_.size());
    while (got < 0 && errno == EINTR) got = ::read(STDIN_FILENO, buffer_.data(), buffer_.size());
    if (got < 0) return {exits::kInputOutput, system_error("standard input", errno).detail};
    const std::string_view octets(buffer_.data(), static_cast<std::size_t>(got));
    const std::size_t before = pending_.size();
    if (got == 0) text_.finish(pending_);
    more_ = got > 0 && text_.feed(octets, pending_);
    if (text_.has_nul()) return {exits::kDataError, "the message holds a NUL, which mail may not"};
    header_.feed(std::string_view(pending_).substr(before));
    return {};
  }

  Failure read_header() {
    while (more_ && !header_.ended()) {
      if (Failure failure = read(); failure.status != 0) return failure;
      if (!header_.ended() && pending_.size() > kMostHeader) {
        return {exits::kDataError, "the header of the message is too large"};
      }
    }
    return {};
  }

  Failure read_recipients() {
    if (!call_.read_recipients) return {};
    const std::string_view whole(pending_);
    auto found = mail::find_recipients(whole.substr(0, mail::header_octets(whole)));
    if (!found) return {exits::kDataError, found.error().detail};
    for (mail::Mailbox& one : *found) add(std::move(one));
    if (!recipients_.empty()) return {};
    return {exits::kUsage, "no recipients: To, Cc and Bcc of the message name nobody"};
  }

  Failure send() {
    Submission submission(submitter_, recipients_.size());
    mail::Mailbox author = sender_;
    if (author.empty()) author.local = submitter_.login;
    if (author.domain.empty()) author.domain = submitter_.myorigin;
    mail::HeaderFixes fixes;  // Those of -G: who stood in Bcc is not told to the others.
    if (!call_.gateway) {
      fixes = submission.make_fixes(mail::format_from(submitter_.full_name, author));
    }
    const bool fixed = !call_.gateway || call_.read_recipients;
    mail::HeaderFixer fixer(std::move(fixes));
    std::string out;
    if (fixed) {
      const std::size_t header = mail::header_octets(pending_);
      const std::string_view whole(pending_);
      std::string top(whole.substr(0, header));
      if (!call_.gateway) top = mail::complete_addresses(top, submitter_.myorigin);
      fixer.feed(top, out);
      fixer.feed(whole.substr(header), out);
      pending_ = std::move(out);
    }
    for (;;) {
      if (Failure failure = submission.append(pending_); failure.status != 0) return failure;
      pending_.clear();
      if (!more_) break;
      if (Failure failure = read(); failure.status != 0) return failure;
      if (!fixed) continue;
      out.clear();
      fixer.feed(pending_, out);
      pending_.swap(out);
    }
    out.clear();
    if (fixed) fixer.finish(out);
    if (Failure failure = submission.append(out); failure.status != 0) return failure;
    return submission.commit(make_item());
  }

  queue::Item make_item() const {
    queue::Item item;
    item.sender = sender_;
    item.options = call_.options;
    item.options.smtputf8 = !is_ascii(sender_.text());
    for (const mail::Mailbox& mailbox : recipients_) {
      item.options.smtputf8 = item.options.smtputf8 || !is_ascii(mailbox.text());
      item.destinations.push_back({{mailbox, call_.notify, {}}, queue::State::Waiting, {}});
    }
    return item;
  }

  const SendmailCall& call_;
  Submitter& submitter_;
  LocalText text_;
  mail::HeaderScanner header_{~0U};
  mail::Mailbox sender_;
  Mailboxes recipients_;
  std::string pending_;  // Text read and not yet passed on.
  bool more_ = true;
  std::array<char, 16384> buffer_{};
};

int verify(const SendmailCall& call) {
  int status = exits::kOk;
  std::string out;
  for (const std::string& word : call.recipients) {
    const mail::AddressList list = mail::parse_address_list(word);
    for (const mail::ListedAddress& one : list.addresses) {
      append_format(out, "{}: well written (whether it exists is not looked up)\n",
                    one.mailbox.text());
    }
    for (const std::string& fault : list.faults) {
      append_format(out, "{}: not an address\n", printable(fault, limits::kLogText));
      status = exits::kNoUser;
    }
  }
  const int printed = print(out);
  return printed == exits::kOk ? status : printed;
}

int send(const SendmailCall& call) {
  Submitter submitter;
  Failure failure = Submitter::load(call.configuration, submitter);
  if (failure.status == 0) {
    if (call.mode == SendmailCall::Mode::Smtp) return speak_smtp(submitter);
    failure = Sending(call, submitter).run();
  }
  return failure.status == 0 ? exits::kOk : fail(failure.status, "sendmail: " + failure.text);
}

}  // namespace

int sendmail_command(Arguments command_line) {
  auto call = parse_sendmail(command_line);
  if (!call) return fail(exits::kUsage, "sendmail: " + call.error().detail);
  if (call->help) return print(sendmail_help());
  using Mode = SendmailCall::Mode;
  const bool sends = call->mode == Mode::Send || call->mode == Mode::Verify;
  // Postfix's rule: whoever believes to send a message must not be told that all is well.
  if (!sends && (call->read_recipients || !call->recipients.empty())) {
    return fail(exits::kUsage, "sendmail: recipients, and -t, belong to the sending of a message");
  }
  const std::vector<std::string_view> configured{"-c", call->configuration};
  switch (call->mode) {
    case Mode::Send:
    case Mode::Smtp:
      return send(*call);
    case Mode::Queue:
      return mailq_command(configured);
    case Mode::Aliases:
      return newaliases_command(configured);
    case Mode::Verify:
      return verify(*call);
    case Mode::Daemon:
      complain("sendmail: the service is started by the system, as gatepost run; nothing to do");
      return exits::kOk;
    case Mode::Flush:
      return exits::kOk;
  }
  __builtin_unreachable();
}

}  // namespace gatepost::cli
