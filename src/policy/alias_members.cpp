// SPDX-License-Identifier: Apache-2.0
// policy: the right side of an alias: aliases(5), virtual(5), and files named by :include:.
#include "policy/alias_members.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::policy {
namespace {

constexpr std::string_view kInclude = ":include:";

Error refusal(std::string_view member, std::string_view why) {
  return {Cause::Permanent, "\"" + printable(member, limits::kLogText) + "\": " + std::string(why)};
}

/// Takes off the front of `text` what stands before the next of `separators` outside of quotes
/// and angle brackets.
std::string_view take_part(std::string_view& text, std::string_view separators) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted && c == '\\') {
      ++at;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && separators.find(c) != separators.npos) {
      break;
    }
  }
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

/// `"|command with spaces"` and `":include:/a file"`: quotes around a whole member.
std::string unquoted(std::string_view text) {
  std::string out(text);
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return out;
  out.clear();
  const std::string_view inner = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] == '\\' && i + 1 < inner.size()) ++i;
    out.push_back(inner[i]);
  }
  return out;
}

Result<AliasMember> parse_member(std::string_view text) {
  AliasMember out;
  const std::string plain = unquoted(text);
  if (plain.starts_with('|')) return refusal(text, "no programs are run for mail");
  if (plain.starts_with('/')) {
    return refusal(text, "mail goes to Maildirs of users only, not to other files");
  }
  if (istarts_with(plain, kInclude)) {
    out.kind = AliasMember::Kind::Include;
    out.path = plain.substr(kInclude.size());
    if (!out.path.starts_with('/')) return refusal(text, "expected :include:/path");
    return out;
  }
  if (text.starts_with('@')) {
    out.kind = AliasMember::Kind::Domain;
    out.mailbox.domain = lower(text.substr(1));
    if (!mail::is_domain(out.mailbox.domain, true)) return refusal(text, "expected @domain");
    return out;
  }
  if (text.starts_with('\\')) {
    out.exact = true;
    text.remove_prefix(1);
  }
  mail::PathRules rules;
  rules.utf8 = true;
  auto parsed = mail::parse_mailbox(text, rules);
  auto* mailbox = std::get_if<mail::Mailbox>(&parsed);
  if (mailbox == nullptr || mailbox->local.empty()) return refusal(text, "expected an address");
  out.mailbox = std::move(*mailbox);
  return out;
}

}  // namespace

Result<std::vector<AliasMember>> parse_alias_members(std::string_view value) {
  std::vector<AliasMember> out;
  while (!value.empty()) {
    std::string_view part = trim(take_part(value, ",\n\r"));
    const std::size_t open = part.find('<');
    if (open != part.npos && part.ends_with('>')) {
      // `Bob <bob@example.com>`: the words in front are for people.
      part = trim(part.substr(open + 1, part.size() - open - 2));
      GP_TRY(AliasMember member, parse_member(part));
      out.push_back(std::move(member));
      continue;
    }
    const bool program = part.starts_with('|');
    while (!part.empty()) {
      const std::string_view word = program ? std::exchange(part, {}) : take_part(part, " \t\v\f");
      if (word.empty()) continue;
      GP_TRY(AliasMember member, parse_member(word));
      out.push_back(std::move(member));
    }
  }
  return out;
}

}  // namespace gatepost::policy
