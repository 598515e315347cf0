// SPDX-License-Identifier: Apache-2.0
// support: a driver without sockets that plays one session and writes down what happened.
#include "support/play.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/text.h"
#include "smtp/replies.h"

namespace gatepost::support {
namespace step = smtp::step;

namespace {

constexpr std::string_view kPeer = "unknown[192.0.2.7]";
// More steps than this without asking for input is a loop.
constexpr std::size_t kMostSteps = 200'000;

template <class... Ts>
struct Overload : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overload(Ts...) -> Overload<Ts...>;

smtp::Ruling rule(std::uint16_t code, std::string enhanced, std::string text) {
  return {.reply = {code, std::move(enhanced), std::move(text)}, .hang_up = false};
}

}  // namespace

smtp::SessionSettings plain_settings() {
  smtp::SessionSettings settings;
  settings.hostname = "mx.example.com";
  settings.banner = "mx.example.com ESMTP gatepost";
  settings.forbidden_commands = {"CONNECT", "GET", "POST"};
  return settings;
}

Play::Play(smtp::SessionSettings settings, smtp::PeerFacts peer)
    : settings_(std::move(settings)), session_(settings_, peer, clock_.now()) {}

void Play::feed(std::string_view octets) {
  // The first call greets before anything is read.
  if (outcome_.replies.empty()) run(early_);
  const std::unique_ptr<char[]> copy = std::make_unique<char[]>(octets.size());
  std::copy(octets.begin(), octets.end(), copy.get());
  if (!octets.empty()) run({copy.get(), octets.size()});
}

void Play::pass(Duration time) {
  if (outcome_.replies.empty()) run(early_);
  clock_.pass(time);
  if (clock_.now() >= session_.deadline()) run({});
}

void Play::shut_down() {
  session_.shut_down();
  if (session_.deadline() <= clock_.now()) run({});
}

bool Play::handshake() {
  if (!std::exchange(wants_tls_, false)) return false;
  session_.secured();
  run({});
  return true;
}

void Play::run(std::string_view input) {
  for (std::size_t count = 0; count < kMostSteps; ++count) {
    if (wants_tls_ || outcome_.closed) return;
    smtp::Step todo = session_.next(input, clock_.now());
    if (obey(todo, !input.empty())) continue;
    outcome_.tally = session_.tally();
    outcome_.where = session_.where();
    return;
  }
  violate("the session never asked for input");
}

bool Play::obey(smtp::Step& todo, bool has_input) {
  return std::visit(
      Overload{
          [&](step::NeedInput&) {
            if (has_input) violate("NeedInput with input left");
            if (session_.deadline() <= clock_.now()) violate("NeedInput with a deadline past");
            return false;
          },
          [&](step::Say& say) {
            std::string wire;
            smtp::append_reply(wire, say.reply);
            for (const std::string_view line : split(wire, "\r\n")) {
              outcome_.replies.emplace_back(line);
              if (line.size() > 510) violate("a reply line longer than 512 octets");
            }
            return true;
          },
          [&](step::Pause& pause) { return outcome_.pauses.push_back(pause.time), true; },
          [&](step::Tell& tell) { return note(tell.note), true; },
          [&](step::AskSender&) {
            question("AskSender");
            session_.answer(take_ruling(next_ruling_, rule(250, "2.1.0", "Ok")));
            return true;
          },
          [&](step::AskRecipient&) {
            question("AskRecipient");
            const mail::Mailbox mailbox = session_.pending_recipient().mailbox;
            session_.answer(take_ruling(next_ruling_, recipient_ruling(mailbox)));
            return true;
          },
          [&](step::AskVerify& verify) {
            session_.answer(take_ruling(next_ruling_, rule(252, "2.0.0", verify.mailbox.text())));
            return true;
          },
          [&](step::AskAuth& auth) {
            if (!mechanism_.empty()) violate("AskAuth within an exchange");
            mechanism_ = auth.mechanism;
            user_.clear();
            if (auth.initial) {
              answer_auth(auth.initial->reveal());
            } else {
              session_.answer(rule(334, "", mechanism_ == "LOGIN" ? "Username:" : ""));
            }
            return true;
          },
          [&](step::AskAuthResponse& response) {
            if (mechanism_.empty()) violate("AskAuthResponse without AskAuth");
            answer_auth(response.octets.reveal());
            return true;
          },
          [&](step::DropAuth&) {
            if (std::exchange(mechanism_, {}).empty()) violate("DropAuth without an exchange");
            return true;
          },
          [&](step::AskText&) {
            question("AskText");
            if (session_.envelope().recipients.empty()) violate("AskText without recipients");
            const smtp::Ruling ruling = take_ruling(text_ruling_, rule(250, "", ""));
            in_text_ = ruling.accepts();
            text_.clear();
            session_.answer(ruling);
            return true;
          },
          [&](step::Body& body) {
            if (!in_text_) violate("Body outside of a text");
            if (body.octets.empty()) violate("an empty Body");
            text_ += body.octets;
            return true;
          },
          [&](step::AskCommit&) { return commit(), true; },
          [&](step::Discard&) {
            if (!std::exchange(in_text_, false)) violate("Discard without a text");
            ++outcome_.discarded;
            return true;
          },
          [&](step::StartTls&) { return wants_tls_ = true, false; },
          [&](step::HangUp&) {
            if (in_text_) violate("HangUp with a text neither committed nor discarded");
            if (!mechanism_.empty())
              violate("HangUp with an exchange neither ruled on nor dropped");
            return outcome_.closed = true, false;
          },
      },
      todo);
}

void Play::answer_auth(std::string_view response) {
  if (mechanism_ == "LOGIN" && user_.empty()) {
    user_ = response;
    if (!user_.empty()) return session_.answer(rule(334, "", "Password:"));
  }
  if (mechanism_ == "PLAIN" && std::count(response.begin(), response.end(), '\0') != 2) {
    mechanism_.clear();
    return session_.answer(rule(501, "5.5.2", "Error: malformed authentication response"));
  }
  constexpr std::string_view kUser = "alice@example.com";
  const std::string plain = '\0' + std::string(kUser) + '\0' + std::string(kPassword);
  const bool good = (mechanism_ == "LOGIN") ? user_ == kUser && response == kPassword
                                            : mechanism_ == "PLAIN" && response == plain;
  outcome_.log.push_back("SASL " + mechanism_ + " authentication " + (good ? "done" : "failed"));
  mechanism_.clear();
  if (good) return session_.answer(rule(235, "2.7.0", "Authentication successful"));
  session_.answer(rule(535, "5.7.8", "Error: authentication failed: wrong user name or password"));
}

void Play::question(const char* name) {
  if (in_text_) violate(std::string(name) + " while a text is open");
}

void Play::commit() {
  if (!std::exchange(in_text_, false)) violate("AskCommit without AskText");
  if (text_.find('\r') != text_.npos) violate("CR in the stored text");
  if (!text_.empty() && text_.back() != '\n') violate("the stored text has an open last line");
  // The empty line put before a text without a header is ours, not the peer's.
  const bool ours = text_.size() == session_.text_octets() + 1 && text_.front() == '\n';
  if (!ours && text_.size() != session_.text_octets())
    violate("text_octets() is not what was given");
  const smtp::Ruling ruling =
      take_ruling(commit_ruling_, rule(250, "2.0.0", "Ok: queued as 0123456789ABC"));
  if (ruling.accepts()) {
    outcome_.stored.push_back(
        {session_.envelope(), text_, session_.message_id(), session_.delivered_to()});
  }
  session_.answer(ruling);
}

void Play::note(const smtp::Note& note) {
  const std::string from = note.after + " from " + std::string(kPeer);
  std::string line;
  switch (note.kind) {
    case smtp::Note::Kind::NonSmtpCommand:
      line = "warning: non-SMTP command from " + std::string(kPeer) + ": " + note.text;
      break;
    case smtp::Note::Kind::Pipelining:
      line = "improper command pipelining after " + from + ": " + note.text;
      break;
    case smtp::Note::Kind::TooManyErrors:
      line = "too many errors after " + from;
      break;
    case smtp::Note::Kind::Timeout:
      line = "timeout after " + from;
      break;
    case smtp::Note::Kind::AuthFailed:
      line = "SASL " + mechanism_ + " authentication ";
      line += note.text.empty() ? "aborted" : "failed: " + note.text;
      break;
    case smtp::Note::Kind::BareNewline:
    case smtp::Note::Kind::NotSmtp:
    case smtp::Note::Kind::Impatience:
    case smtp::Note::Kind::CommandCount:
    case smtp::Note::Kind::CommandLength:
    case smtp::Note::Kind::NoRecipients:
      line = "watched: " + std::to_string(static_cast<int>(note.kind)) + " after " + from + ": " +
             note.text;
      break;
    case smtp::Note::Kind::Refused:
      line = "NOQUEUE: reject: " + from + ": " + note.text + "; from=<" +
             session_.envelope().sender.text() + ">";
      break;
  }
  outcome_.log.push_back(std::move(line));
}

smtp::Ruling Play::recipient_ruling(const mail::Mailbox& mailbox) const {
  const std::string address = mailbox.text();
  const bool bare_postmaster = mailbox.domain.empty() && iequals(mailbox.local, "postmaster");
  const bool known = std::any_of(known_.begin(), known_.end(),
                                 [&](const std::string& one) { return iequals(one, address); });
  if (bare_postmaster || known || iequals(address, "postmaster@example.com")) {
    return rule(250, "2.1.5", "Ok");
  }
  if (!iequals(mailbox.domain, "example.com")) {
    return rule(454, "4.7.1", "<" + address + ">: Relay access denied");
  }
  return rule(
      550, "5.1.1",
      "<" + address + ">: Recipient address rejected: User unknown in local recipient table");
}

smtp::Ruling Play::take_ruling(std::optional<smtp::Ruling>& special, smtp::Ruling usual) {
  if (next_ruling_) return *std::exchange(next_ruling_, std::nullopt);
  if (special) return *std::exchange(special, std::nullopt);
  return usual;
}

std::string Play::last_reply() const {
  return outcome_.replies.empty() ? std::string() : outcome_.replies.back();
}

std::vector<std::string> Play::take_replies() {
  std::vector<std::string> fresh(outcome_.replies.begin() + static_cast<std::ptrdiff_t>(shown_),
                                 outcome_.replies.end());
  shown_ = outcome_.replies.size();
  return fresh;
}

}  // namespace gatepost::support
