// SPDX-License-Identifier: Apache-2.0
// app: what the owner says while the service runs: who is let in, and what mail is expected.
#include "app/owner_words.h"

#include <cerrno>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "config/values.h"
#include "control/json.h"

namespace gatepost::app {
namespace {

using control::Verb;
using screen::Expected;
using screen::LetIn;
using Words = std::span<const std::string>;

/// Who expects mail for longer wants an exception of greylisting.
constexpr Stamp kMostExpecting = 7 * 86'400;
/// Longer is for good.
constexpr Stamp kMostAllowing = Stamp{100} * 366 * 86'400;

Error misuse(std::string text) {
  return {Cause::Permanent, std::move(text), EINVAL};
}

/// Seconds, at least one. A number without a unit could be anything.
Result<Stamp> read_span(const std::string& word, Stamp most) {
  const auto span = config::parse_time(word);
  if (!span || is_digit(word.back())) {
    return misuse("expected a time with its unit, as 15m or 2d, not " +
                  printable(word, limits::kLogText));
  }
  const Stamp seconds = std::chrono::duration_cast<std::chrono::seconds>(*span).count();
  if (seconds < 1 || seconds > most) {
    return misuse(
        format("{} is not between 1s and {}d", printable(word, limits::kLogText), most / 86'400));
  }
  return seconds;
}

Result<Network> read_network(const std::string& word) {
  auto network = Network::parse(word);
  if (network) return *network;
  return misuse(printable(word, limits::kLogText) +
                ": expected an address or a network without host bits, as 192.0.2.0/24");
}

bool is_name(std::string_view word) {
  if (word.empty() || word == "*" || word.size() > limits::kPath) return false;
  for (const char c : word) {
    if (is_space(c) || static_cast<unsigned char>(c) < 0x21 || c == 0x7f) return false;
  }
  return true;
}

/// `[from DOMAIN] [to USER]`, in any order, each once.
Result<Expected::Scope> read_scope(Words words) {
  Expected::Scope out;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const bool from = iequals(words[i], "from");
    std::string& part = from ? out.domain : out.user;
    const bool good = (from || iequals(words[i], "to")) && i + 1 < words.size() && part.empty() &&
                      is_name(words[i + 1]);
    if (!good) return misuse("expected [from DOMAIN] [to USER]");
    part = lower(words[i + 1]);
  }
  // Somebody's whole address is as good as the domain: mail of a service comes from several.
  out.domain.erase(0, out.domain.rfind('@') + 1);
  if (!words.empty() && out == Expected::Scope()) return misuse("expected [from DOMAIN] [to USER]");
  return out;
}

}  // namespace

bool OwnerWords::serves(Verb verb) {
  return verb >= Verb::AllowAdd && verb <= Verb::ExpectList;
}

Stamp OwnerWords::now() const {
  return state_.now(clocks_.moment(), clocks_.instant());
}

Task<void> OwnerWords::load() {
  const auto networks = co_await store_.load(Kind::Allow, LetIn::kMost);
  const auto scopes = co_await store_.load(Kind::Expect, Expected::kMost);
  if (networks) {
    for (const state::OwnerStore::Row& row : *networks) {
      const auto network = Network::parse(row.word);
      if (network) let_in_.add(*network, row.until);
    }
  }
  if (scopes) {
    for (const state::OwnerStore::Row& row : *scopes) {
      auto scope = Expected::Scope::parse(row.word);
      if (scope) expected_.add(*std::move(scope), row.until);
    }
  }
  // Written by a clock that was ahead: what was left then is left now.
  const Stamp ahead = state_.last_written() - now();
  if (is_sane(now()) && ahead > kClockStep) {
    mend(ahead);
    write_anew();
  }
  tick();
}

void OwnerWords::mend(Stamp by) {
  for (const LetIn::Entry& entry : let_in_.entries()) {
    if (entry.until != LetIn::kForGood) let_in_.add(entry.network, entry.until - by);
  }
  for (const Expected::Entry& entry : expected_.entries()) {
    expected_.add(entry.scope, entry.until - by);
  }
}

void OwnerWords::write_anew() {
  for (const LetIn::Entry& entry : let_in_.entries()) {
    store_.keep(Kind::Allow, screen::shown_network(entry.network), entry.until);
  }
  for (const Expected::Entry& entry : expected_.entries()) {
    store_.keep(Kind::Expect, entry.scope.key(), entry.until);
  }
}

void OwnerWords::tick() {
  const Stamp now = this->now();
  for (const Network& network : let_in_.expire(now)) {
    store_.forget(Kind::Allow, screen::shown_network(network));
  }
  for (const Expected::Scope& scope : expected_.expire(now)) {
    store_.forget(Kind::Expect, scope.key());
  }
}

Result<std::string> OwnerWords::perform(const control::Request& request, const View& view) {
  switch (request.verb) {
    case Verb::AllowAdd:
      return allow(request, view);
    case Verb::AllowDel:
      return allow_no_more(request);
    case Verb::AllowList:
      return list_allowed(view);
    case Verb::Expect:
      return expect(request, view);
    case Verb::ExpectCancel:
      return expect_no_more(request);
    default:
      return list_expected(view);
  }
}

Result<std::string> OwnerWords::allow(const control::Request& request, const View& view) {
  const std::vector<std::string>& words = request.words;
  const bool timed = words.size() == 3 && iequals(words[1], "for");
  if (words.size() != 1 && !timed) return misuse("expected NETWORK [for TIME]");
  GP_TRY(const Network network, read_network(words[0]));
  Stamp until = LetIn::kForGood;
  if (timed) {
    GP_TRY(const Stamp span, read_span(words[2], kMostAllowing));
    until = now() + span;
  }
  if (!let_in_.add(network, until)) {
    return Error{Cause::Permanent, "too many networks are let in already"};
  }
  const std::string shown = screen::shown_network(network);
  store_.keep(Kind::Allow, shown, until);
  return shown + " is let in" + (timed ? " until " + when(until, view) : std::string());
}

Result<std::string> OwnerWords::allow_no_more(const control::Request& request) {
  if (request.words.size() != 1) return misuse("expected one NETWORK");
  GP_TRY(const Network network, read_network(request.words[0]));
  const std::string shown = screen::shown_network(network);
  if (!let_in_.remove(network)) {
    return Error{Cause::Permanent, shown + " is not among those that are let in", ESRCH};
  }
  store_.forget(Kind::Allow, shown);
  return shown + " is let in no more";
}

std::string OwnerWords::list_allowed(const View& view) const {
  std::string out;
  for (const LetIn::Entry& entry : let_in_.entries()) {
    const std::string shown = screen::shown_network(entry.network);
    const bool timed = entry.until != LetIn::kForGood;
    if (!view.json) {
      append_format(out, "{}{}{}\n", shown, timed ? " until " : " for good",
                    timed ? when(entry.until, view) : std::string());
      continue;
    }
    control::JsonDocument document;
    const auto root = document.object();
    document.put(root, "network", shown);
    if (timed) document.put(root, "until", when(entry.until, view));
    out += document.write(root);
  }
  return out.empty() && !view.json ? "Nobody\n" : out;
}

Result<std::string> OwnerWords::expect(const control::Request& request, const View& view) {
  const Words words(request.words);
  GP_TRY(const Stamp span, read_span(words.front(), kMostExpecting));
  GP_TRY(Expected::Scope scope, read_scope(words.subspan(1)));
  const Stamp until = now() + span;
  const std::string shown = scope.text();
  const std::string key = scope.key();
  if (!expected_.add(std::move(scope), until)) {
    return Error{Cause::Permanent, "too much is expected already"};
  }
  store_.keep(Kind::Expect, key, until);
  return format("expecting {} until {}", shown, when(until, view));
}

Result<std::string> OwnerWords::expect_no_more(const control::Request& request) {
  GP_TRY(const Expected::Scope scope, read_scope(request.words));
  std::vector<Expected::Scope> gone;
  for (const Expected::Entry& entry : expected_.entries()) {
    if (request.words.empty() || entry.scope == scope) gone.push_back(entry.scope);
  }
  if (gone.empty()) return Error{Cause::Permanent, "nothing of it is expected", ESRCH};
  for (const Expected::Scope& one : gone) {
    expected_.remove(one);
    store_.forget(Kind::Expect, one.key());
  }
  return request.words.empty() ? std::string("nothing is expected any more")
                               : scope.text() + " is expected no more";
}

std::string OwnerWords::list_expected(const View& view) const {
  std::string out;
  for (const Expected::Entry& entry : expected_.entries()) {
    if (!view.json) {
      append_format(out, "{} until {}\n", entry.scope.text(), when(entry.until, view));
      continue;
    }
    control::JsonDocument document;
    const auto root = document.object();
    if (!entry.scope.domain.empty()) document.put(root, "from", entry.scope.domain);
    if (!entry.scope.user.empty()) document.put(root, "to", entry.scope.user);
    document.put(root, "until", when(entry.until, view));
    out += document.write(root);
  }
  return out.empty() && !view.json ? "Nothing\n" : out;
}

}  // namespace gatepost::app
