// SPDX-License-Identifier: Apache-2.0
// tables: entries of lists such as mydestination and mynetworks, before their tables are opened.
#include "tables/pattern.h"

#include <utility>

#include "base/text.h"

namespace gatepost::tables {

namespace {

bool take_negation(std::string_view& text) {
  bool negated = false;
  while (text.starts_with('!')) {
    negated = !negated;
    text = trim(text.substr(1));
  }
  return negated;
}

Error refusal(std::string text) {
  return {Cause::Permanent, std::move(text)};
}

/// Letters, digits, '-', '_' and dots between labels, a dot in front allowed; octets past
/// ASCII for names of RFC 6531.
bool is_domain_word(std::string_view text) {
  if (text.starts_with('.')) text.remove_prefix(1);
  if (text.empty() || text.size() > 255 || text.back() == '.' || text.find("..") != text.npos) {
    return false;
  }
  for (const char c : text) {
    const bool ascii = static_cast<unsigned char>(c) < 0x80;
    if (ascii && !is_alnum(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return text.front() != '.';
}

/// "[192.0.2.0/24]" is Postfix's other spelling of "[192.0.2.0]/24".
std::string without_outer_brackets(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']' && text.find('/') != text.npos) {
    return std::string(text.substr(1, text.size() - 2));
  }
  return std::string(text);
}

Error explain_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string host(text.substr(0, slash));
  const auto whole = Network::parse(host);
  if (!whole) {
    return refusal(
        "\"" + std::string(text) +
        "\" is no address block: expected 192.0.2.0/24, [2001:db8::]/32, type:table or /file");
  }
  auto bits = parse_number(text.substr(slash + 1));
  if (whole->address.is_v4() && host.find(':') != host.npos) {
    if (!bits || *bits < 96 || *bits > 128) {
      return refusal("\"" + std::string(text) +
                     "\": expected a prefix length from 96 to 128 after an address that stands for "
                     "an IPv4 one");
    }
    *bits -= 96;
  }
  if (!bits || *bits > whole->address.bits()) {
    return refusal("\"" + std::string(text) + "\": expected a prefix length of at most " +
                   format_number(whole->address.bits()));
  }
  const Network meant{whole->address.masked(static_cast<unsigned>(*bits)),
                      static_cast<unsigned>(*bits)};
  return refusal("\"" + std::string(text) + "\" has bits set past its prefix; did you mean \"" +
                 meant.text() + "\"?");
}

}  // namespace

std::string Pattern::text() const {
  std::string out = negated ? "!" : "";
  if (const auto* word = std::get_if<std::string>(&what)) return out + *word;
  if (const auto* network = std::get_if<Network>(&what)) return out + network->text();
  return out + std::get<Spec>(what).text();
}

Result<Pattern> parse_domain_pattern(std::string_view text) {
  const bool negated = take_negation(text);
  if (looks_like_table(text)) {
    GP_TRY(Spec spec, parse_spec(text));
    return Pattern{negated, std::move(spec)};
  }
  const bool literal = text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (!is_domain_word(text) && !literal) {
    return refusal("\"" + std::string(text) +
                   "\" is no domain name: expected example.com, type:table or /file");
  }
  return Pattern{negated, lower(text)};
}

Result<Pattern> parse_address_pattern(std::string_view text) {
  const bool negated = take_negation(text);
  if (looks_like_table(text)) {
    GP_TRY(Spec spec, parse_spec(text));
    return Pattern{negated, std::move(spec)};
  }
  GP_TRY(const Network network, parse_network(text));
  return Pattern{negated, network};
}

Result<Network> parse_network(std::string_view text) {
  const std::string plain = without_outer_brackets(text);
  const auto network = Network::parse(plain);
  if (!network) return explain_network(plain);
  return *network;
}

}  // namespace gatepost::tables
