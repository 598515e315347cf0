// SPDX-License-Identifier: Apache-2.0
// support: plays a scenario through the pure core.
#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "support/play.h"
#include "support/scenario.h"

namespace gatepost::support {
namespace {

using Kind = Action::Kind;

bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos) return text.find(pattern) != text.npos;
  const std::string_view first = pattern.substr(0, star);
  const std::size_t at = text.find(first);
  if (at == text.npos) return false;
  return matches(pattern.substr(star + 1), text.substr(at + first.size()));
}

smtp::Ruling ruling_of(std::string_view text) {
  smtp::Ruling ruling;
  const auto code = parse_number(take_word(text, " "));
  ruling.reply.code = static_cast<std::uint16_t>(code.value_or(451));
  text = trim(text);
  if (!text.empty() && is_digit(text.front())) ruling.reply.enhanced = take_word(text, " ");
  ruling.reply.text = trim(text);
  return ruling;
}

class Player {
 public:
  Player(const Scenario& scenario, Play& play, const std::vector<std::size_t>& cuts)
      : scenario_(scenario), play_(play), cuts_(cuts) {}

  Result<void> run() {
    for (const std::string& one : scenario_.knows) play_.knows(one);
    play_.feed({});
    collect();
    // The greeting is expected only by those who ask for it.
    if (scenario_.actions.empty() || !expects_reply(scenario_.actions.front())) pending_.clear();
    for (const Action& action : scenario_.actions) {
      act_ = &action;
      GP_CHECK(act());
      collect();
    }
    if (!pending_.empty()) return fail("a reply nobody expected: " + pending_.front());
    for (const Action& action : scenario_.actions) {
      act_ = &action;
      if (action.kind == Kind::Log) GP_CHECK(find_log());
    }
    if (!play_.violations().empty()) return fail(play_.violations().front());
    return {};
  }

 private:
  static bool expects_reply(const Action& action) {
    return action.kind == Kind::Line || action.kind == Kind::Prefix || action.kind == Kind::Reply;
  }

  Error fail(const std::string& what) const {
    const int line = act_ != nullptr ? act_->line : scenario_.line;
    return Error{Cause::Permanent,
                 format("{}:{}: {} ({})", scenario_.file, line, what, scenario_.name), 0};
  }

  Result<void> act() {
    switch (act_->kind) {
      case Kind::Send:
        return send();
      case Kind::Line:
      case Kind::Prefix:
      case Kind::Reply:
        return expect();
      case Kind::Stored:
      case Kind::StoredPart:
        return stored();
      case Kind::Messages:
        return count("messages", play_.outcome().stored.size());
      case Kind::Pauses:
        return count("pauses", play_.outcome().pauses.size());
      case Kind::Log:
        return {};
      case Kind::Tls:
        if (!play_.handshake()) return fail("no handshake was asked for");
        return {};
      case Kind::Closed:
        if (!play_.closed()) return fail("the session goes on");
        return {};
      case Kind::Pass:
        play_.pass(Duration(static_cast<std::int64_t>(act_->number)) - passed_);
        passed_ = Duration(static_cast<std::int64_t>(act_->number));
        return {};
      case Kind::ShutDown:
        play_.shut_down();
        return {};
      case Kind::RuleText:
        play_.rules_text(ruling_of(act_->text));
        return {};
      case Kind::RuleCommit:
        play_.rules_commit(ruling_of(act_->text));
        return {};
    }
    std::unreachable();
  }

  Result<void> send() {
    if (!pending_.empty()) return fail("a reply nobody expected: " + pending_.front());
    std::string_view octets = act_->text;
    while (!octets.empty()) {
      std::size_t size = octets.size();
      for (const std::size_t cut : cuts_) {
        if (cut > sent_ && cut - sent_ < size) size = cut - sent_;
      }
      play_.feed(octets.substr(0, size));
      octets.remove_prefix(size);
      sent_ += size;
    }
    return {};
  }

  void collect() {
    for (std::string& line : play_.take_replies()) pending_.push_back(std::move(line));
  }

  Result<void> expect() {
    do {
      if (pending_.empty()) return fail("expected a reply, there is none: " + act_->text);
      const std::string line = pending_.front();
      pending_.erase(pending_.begin());
      const bool same = act_->kind == Kind::Line ? line == act_->text
                                                 : line.substr(0, act_->text.size()) == act_->text;
      if (!same) return fail("expected: " + act_->text + "\n    got: " + line);
      last_of_reply_ = line.size() < 4 || line[3] != '-';
    } while (act_->kind == Kind::Reply && !last_of_reply_);
    return {};
  }

  Result<void> stored() {
    if (play_.outcome().stored.empty()) return fail("nothing is stored");
    const std::string& text = play_.outcome().stored.back().text;
    const bool same =
        act_->kind == Kind::Stored ? text == act_->text : text.find(act_->text) != text.npos;
    if (!same) return fail("stored text differs:\n" + text);
    return {};
  }

  Result<void> count(std::string_view what, std::size_t got) {
    if (got != act_->number) return fail(format("{} {}, expected {}", got, what, act_->number));
    return {};
  }

  Result<void> find_log() {
    const Outcome& outcome = play_.outcome();
    std::vector<std::string> lines = outcome.log;
    lines.push_back("disconnect from unknown[192.0.2.7] " + outcome.tally);
    const bool found = std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return matches(act_->text, line);
    });
    if (found) return {};
    std::string all;
    for (const std::string& line : lines) all += "\n    " + line;
    return fail("not in the log: " + act_->text + all);
  }

  const Scenario& scenario_;
  Play& play_;
  const std::vector<std::size_t>& cuts_;
  const Action* act_ = nullptr;
  std::vector<std::string> pending_;
  std::size_t sent_ = 0;
  Duration passed_{};
  bool last_of_reply_ = true;
};

}  // namespace

Result<void> play_scenario(const Scenario& scenario,
                           Play& play,
                           const std::vector<std::size_t>& cuts) {
  return Player(scenario, play, cuts).run();
}

std::size_t octets_sent(const Scenario& scenario) {
  std::size_t octets = 0;
  for (const Action& action : scenario.actions) {
    if (action.kind == Kind::Send) octets += action.text.size();
  }
  return octets;
}

}  // namespace gatepost::support
