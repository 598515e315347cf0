// SPDX-License-Identifier: Apache-2.0
// cli: sendmail -bs: SMTP on standard input and output, into the maildrop.
#include "cli/sendmail_smtp.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <variant>

#include "cli/console.h"
#include "cli/options.h"
#include "mail/compose.h"
#include "smtp/replies.h"
#include "smtp/server_session.h"

namespace gatepost::cli {
namespace {

namespace step = smtp::step;

smtp::Ruling rule(std::uint16_t code, std::string_view enhanced, std::string_view text) {
  return smtp::Ruling{smtp::Reply{code, std::string(enhanced), std::string(text)}};
}

smtp::SessionSettings session_settings(const Submitter& submitter) {
  smtp::SessionSettings out;
  out.hostname = submitter.hostname;
  out.banner = submitter.hostname + " ESMTP " + submitter.mail_name;
  out.message_size_limit = submitter.message_size_limit;
  out.header_size_limit = submitter.header_size_limit;
  out.recipient_limit = storage::kMostDropRecipients;
  // The other end is a program of this machine: it may say all it has at once.
  out.forbid_unauth_pipelining = false;
  out.error_sleep_time = Duration{0};
  return out;
}

/// Obeys the machine's steps; the counterpart of server::Session for a user's own message.
class Dialogue {
 public:
  explicit Dialogue(const Submitter& submitter)
      : submitter_(submitter),
        settings_(session_settings(submitter)),
        machine_(settings_,
                 {.trusted = true, .tls_available = false},
                 std::chrono::steady_clock::now()) {}

  int run() {
    while (!over_) {
      smtp::Step todo = machine_.next(input_, std::chrono::steady_clock::now());
      if (std::holds_alternative<step::NeedInput>(todo)) {
        if (!flush()) return exits::kInputOutput;
        if (!read()) break;
      } else {
        obey(todo);
      }
    }
    return flush() ? exits::kOk : exits::kInputOutput;
  }

 private:
  void obey(smtp::Step& todo) {
    if (auto* say = std::get_if<step::Say>(&todo)) {
      smtp::append_reply(out_, say->reply);
    } else if (auto* text = std::get_if<step::Body>(&todo)) {
      take(text->octets);
    } else if (std::holds_alternative<step::AskSender>(todo)) {
      machine_.answer(rule(250, "2.1.0", "Ok"));
    } else if (std::holds_alternative<step::AskRecipient>(todo)) {
      item_.destinations.push_back({machine_.pending_recipient(), queue::State::Waiting, {}});
      machine_.answer(rule(250, "2.1.5", "Ok"));
    } else if (auto* who = std::get_if<step::AskVerify>(&todo)) {
      machine_.answer(rule(252, "2.0.0", who->mailbox.text()));
    } else if (std::holds_alternative<step::AskText>(todo)) {
      machine_.answer(begin());
    } else if (std::holds_alternative<step::AskCommit>(todo)) {
      machine_.answer(commit());
    } else if (std::holds_alternative<step::Discard>(todo)) {
      submission_.reset();
    } else if (std::holds_alternative<step::HangUp>(todo)) {
      over_ = true;
    }
    // Nothing is logged and nobody is made to wait; TLS and AUTH are not offered.
  }

  smtp::Ruling begin() {
    const mail::Envelope& envelope = machine_.envelope();
    item_ = {};
    item_.sender = envelope.sender;
    item_.options = envelope.options;
    for (const mail::Recipient& each : envelope.recipients) {
      item_.destinations.push_back({each, queue::State::Waiting, {}});
    }
    submission_ = std::make_unique<Submission>(submitter_, item_.destinations.size());
    mail::Mailbox author = envelope.sender;
    if (author.empty()) author.local = submitter_.login;
    if (author.domain.empty()) author.domain = submitter_.myorigin;
    fixer_.emplace(submission_->make_fixes(mail::format_from({}, author)));
    failure_ = {};
    has_nul_ = false;
    return rule(250, "2.0.0", "Ok");
  }

  void take(std::string_view octets) {
    has_nul_ = has_nul_ || octets.find('\0') != octets.npos;
    if (!submission_ || failure_.status != 0) return;
    fixed_.clear();
    fixer_->feed(octets, fixed_);
    failure_ = submission_->append(fixed_);
  }

  smtp::Ruling commit() {
    if (has_nul_) return rule(550, "5.6.0", "Error: message holds a NUL");
    if (failure_.status == 0) {
      fixed_.clear();
      fixer_->finish(fixed_);
      failure_ = submission_->append(fixed_);
    }
    if (failure_.status == 0) failure_ = submission_->commit(std::move(item_));
    submission_.reset();
    if (failure_.status == 0) return rule(250, "2.0.0", "Ok: queued");
    complain("sendmail: " + failure_.text);
    if (failure_.status == exits::kDataError) return rule(552, "5.3.4", "Error: message too large");
    return rule(451, "4.3.0", "Error: queue file write error");
  }

  bool read() {
    ssize_t got = ::read(STDIN_FILENO, buffer_.data(), buffer_.size());
    while (got < 0 && errno == EINTR) got = ::read(STDIN_FILENO, buffer_.data(), buffer_.size());
    if (got <= 0) return false;
    input_ = std::string_view(buffer_.data(), static_cast<std::size_t>(got));
    return true;
  }

  bool flush() {
    const bool sent = out_.empty() || print(out_) == exits::kOk;
    out_.clear();
    return sent;
  }

  const Submitter& submitter_;
  const smtp::SessionSettings settings_;
  smtp::ServerSession machine_;
  std::string_view input_;
  std::string out_;
  std::string fixed_;
  std::unique_ptr<Submission> submission_;
  std::optional<mail::HeaderFixer> fixer_;
  queue::Item item_;
  Failure failure_;
  bool has_nul_ = false;
  bool over_ = false;
  std::array<char, 16384> buffer_{};
};

}  // namespace

int speak_smtp(const Submitter& submitter) {
  return Dialogue(submitter).run();
}

}  // namespace gatepost::cli
