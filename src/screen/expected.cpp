// SPDX-License-Identifier: Apache-2.0
// screen: mail somebody waits for right now, such as a link to log in with, which is not to be late.
#include "screen/expected.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace gatepost::screen {
namespace {

/// `name` is `domain`, or below it. Both in lower case.
bool is_in(std::string_view name, std::string_view domain) {
  if (!name.ends_with(domain)) return false;
  return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

std::string_view word_or_any(std::string_view word) {
  return word.empty() ? "*" : word;
}

}  // namespace

bool Expected::Scope::matches(std::string_view sender,
                              std::string_view recipient,
                              std::string_view delimiters) const {
  if (!domain.empty()) {
    const std::size_t at = sender.rfind('@');
    if (at == sender.npos || !is_in(lower(sender.substr(at + 1)), domain)) return false;
  }
  if (user.empty()) return true;
  const std::string whole = lower(recipient);
  const std::size_t at = whole.rfind('@');
  const std::size_t wanted_at = user.rfind('@');
  const bool of_domain = wanted_at != user.npos;
  if (of_domain && (at == whole.npos || whole.substr(at) != user.substr(wanted_at))) return false;
  const std::string_view local = std::string_view(whole).substr(0, at);
  const std::string_view wanted = std::string_view(user).substr(0, wanted_at);
  if (!local.starts_with(wanted)) return false;
  return local == wanted || delimiters.find(local[wanted.size()]) != delimiters.npos;
}

std::string Expected::Scope::text() const {
  std::string out;
  if (!domain.empty()) out = "from " + domain;
  if (!user.empty()) out += (out.empty() ? "to " : " to ") + user;
  return out.empty() ? "all mail" : out;
}

std::string Expected::Scope::key() const {
  std::string out(word_or_any(domain));
  out += ' ';
  out += word_or_any(user);
  return out;
}

std::optional<Expected::Scope> Expected::Scope::parse(std::string_view key) {
  const std::size_t blank = key.find(' ');
  if (blank == key.npos || blank == 0 || blank + 1 == key.size()) return std::nullopt;
  Scope out{std::string(key.substr(0, blank)), std::string(key.substr(blank + 1))};
  if (out.domain == "*") out.domain.clear();
  if (out.user == "*") out.user.clear();
  return out;
}

bool Expected::add(Scope scope, Stamp until) {
  for (Entry& entry : entries_) {
    if (entry.scope != scope) continue;
    entry.until = until;
    return true;
  }
  if (entries_.size() >= kMost) return false;
  entries_.push_back({std::move(scope), until});
  return true;
}

bool Expected::remove(const Scope& scope) {
  return std::erase_if(entries_, [&](const Entry& one) { return one.scope == scope; }) > 0;
}

std::vector<Expected::Scope> Expected::expire(Stamp now) {
  std::vector<Scope> out;
  std::erase_if(entries_, [&](const Entry& one) {
    const bool over = one.until <= now;
    if (over) out.push_back(one.scope);
    return over;
  });
  return out;
}

bool Expected::matches(std::string_view sender,
                       std::string_view recipient,
                       std::string_view delimiters) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& one) {
    return one.scope.matches(sender, recipient, delimiters);
  });
}

bool Expected::may_come_from(std::string_view name) const {
  const std::string small = lower(name);
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& one) {
    return one.scope.domain.empty() || is_in(small, one.scope.domain);
  });
}

}  // namespace gatepost::screen
