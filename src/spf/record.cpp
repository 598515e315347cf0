// SPDX-License-Identifier: Apache-2.0
// spf: a record as a value (RFC 7208 sections 4.5, 4.6 and 12).
#include "spf/record.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "spf/macro.h"

namespace gatepost::spf {
namespace {

constexpr std::string_view kVersion = "v=spf1";
constexpr std::array<std::string_view, 8> kNames{"all", "include", "a",   "mx",
                                                 "ptr", "ip4",     "ip6", "exists"};

/// Takes `MARK DIGITS` off the end of `text`. False where the number is none or too large.
bool take_prefix(std::string_view& text, std::string_view mark, std::uint8_t& prefix) {
  const std::size_t at = text.find_last_not_of("0123456789");
  if (at == text.npos || at + 1 == text.size()) return true;
  if (at + 1 < mark.size() || text.substr(at + 1 - mark.size(), mark.size()) != mark) return true;
  const std::string_view digits = text.substr(at + 1);
  const auto number = parse_number(digits);
  if (!number || *number > prefix || (digits.size() > 1 && digits.front() == '0')) return false;
  prefix = static_cast<std::uint8_t>(*number);
  text.remove_suffix(digits.size() + mark.size());
  return true;
}

/// `rest` is what follows the name of ip4 or ip6.
bool parse_network(std::string_view rest, Term& term) {
  const bool four = term.mechanism == Mechanism::Ip4;
  if (!rest.starts_with(':')) return false;
  if (!take_prefix(rest, "/", four ? term.prefix4 : term.prefix6)) return false;
  rest.remove_prefix(1);
  const auto address = IpAddress::parse(rest);
  // An IPv4-mapped address may stand after ip6, and is then an IPv4 one here, which nothing matches.
  if (!address || (rest.find(':') == rest.npos) != four) return false;
  term.address = *address;
  return true;
}

bool parse_arguments(std::string_view rest, Term& term) {
  switch (term.mechanism) {
    case Mechanism::All:
      return rest.empty();
    case Mechanism::Ip4:
    case Mechanism::Ip6:
      return parse_network(rest, term);
    case Mechanism::A:
    case Mechanism::Mx:
      if (!take_prefix(rest, "//", term.prefix6)) return false;
      if (!take_prefix(rest, "/", term.prefix4)) return false;
      if (rest.empty()) return true;
      break;
    case Mechanism::Ptr:
      if (rest.empty()) return true;
      break;
    case Mechanism::Include:
    case Mechanism::Exists:
      break;
  }
  if (!rest.starts_with(':') || !is_domain_spec(rest.substr(1))) return false;
  term.domain = rest.substr(1);
  return true;
}

std::optional<Term> parse_directive(std::string_view word) {
  Term term;
  if (std::string_view("+-~?").find(word.front()) != std::string_view::npos) {
    term.qualifier = word.front();
    word.remove_prefix(1);
  }
  const std::size_t end = std::min(word.find_first_of(":/"), word.size());
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (!iequals(word.substr(0, end), kNames[i])) continue;
    term.mechanism = static_cast<Mechanism>(i);
    if (!parse_arguments(word.substr(end), term)) return {};
    return term;
  }
  return {};
}

/// Where the name before `=` ends, if `word` is a modifier; npos otherwise.
std::size_t modifier_name(std::string_view word) {
  if (word.empty() || !is_alpha(word.front())) return word.npos;
  std::size_t at = 1;
  while (at < word.size() &&
         (is_alnum(word[at]) || word[at] == '-' || word[at] == '_' || word[at] == '.')) {
    ++at;
  }
  return at < word.size() && word[at] == '=' ? at : word.npos;
}

/// False: broken, or there a second time.
bool parse_modifier(std::string_view name, std::string_view value, Record& record) {
  const bool redirect = iequals(name, "redirect");
  if (!redirect && !iequals(name, "exp")) return is_macro_string(value, MacroUse::Name);
  std::string& place = redirect ? record.redirect : record.explanation;
  if (!place.empty() || !is_domain_spec(value)) return false;
  place = value;
  return true;
}

Error broken(std::string_view what, std::string_view word) {
  return {Cause::Permanent, std::string(what) + printable(word, limits::kLogText)};
}

}  // namespace

bool Term::covers(const IpAddress& address_found, const IpAddress& client) const {
  if (address_found.family() != client.family()) return false;
  const unsigned prefix = client.is_v4() ? prefix4 : prefix6;
  return address_found.masked(prefix) == client.masked(prefix);
}

std::string Term::text() const {
  std::string out;
  if (qualifier != '+') out += qualifier;
  out += kNames[static_cast<std::size_t>(mechanism)];
  if (mechanism == Mechanism::Ip4 || mechanism == Mechanism::Ip6) {
    out += ':' + address.text();
  } else if (!domain.empty()) {
    out += ':' + domain;
  }
  if (prefix4 != 32) out += '/' + format_number(prefix4);
  if (prefix6 != 128) {
    out += (mechanism == Mechanism::Ip6 ? "/" : "//") + format_number(prefix6);
  }
  return out;
}

bool is_record(std::string_view text) {
  return istarts_with(text, kVersion) &&
         (text.size() == kVersion.size() || text[kVersion.size()] == ' ');
}

Result<Record> parse_record(std::string_view text) {
  if (!is_record(text)) return broken("not an SPF record: ", text);
  if (text.size() > kMostRecord) return broken("SPF record too long: ", text);
  text.remove_prefix(kVersion.size());
  Record out;
  for (auto word = take_word(text, " "); !word.empty(); word = take_word(text, " ")) {
    if (const std::size_t end = modifier_name(word); end != word.npos) {
      if (!parse_modifier(word.substr(0, end), word.substr(end + 1), out)) {
        return broken("SPF record has a broken modifier: ", word);
      }
      continue;
    }
    auto term = parse_directive(word);
    if (!term) return broken("SPF record has a broken mechanism: ", word);
    out.terms.push_back(std::move(*term));
  }
  return out;
}

Result<Selected> select_record(const std::vector<std::string>& texts) {
  const std::string* found = nullptr;
  for (const std::string& text : texts) {
    if (!is_record(text)) continue;
    if (found != nullptr) return Error{Cause::Permanent, "more than one SPF record"};
    found = &text;
  }
  if (found == nullptr) return Selected{};
  GP_TRY(Record record, parse_record(*found));
  return Selected{true, std::move(record)};
}

}  // namespace gatepost::spf
