// SPDX-License-Identifier: Apache-2.0
// spf: macros (RFC 7208 section 7).
#include "spf/macro.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/text.h"

namespace gatepost::spf {
namespace {

constexpr std::size_t kNameOctets = 253;
constexpr std::size_t kLabelOctets = 63;
constexpr std::string_view kDelimiters = ".-+,/_=";

struct Macro {
  char letter = 0;         // Or '%', '_', '-' of the short ones.
  std::size_t length = 0;  // In the text; 0: not a macro.
  std::size_t keep = 0;    // Parts from the right; 0: all.
  bool reverse = false;
  std::string_view delimiters;
};

/// `text` begins with '%'.
Macro parse_macro(std::string_view text) {
  if (text.size() < 2) return {};
  if (text[1] == '%' || text[1] == '_' || text[1] == '-') return {text[1], 2, 0, false, {}};
  const std::size_t end = text.find('}');
  if (text[1] != '{' || end == text.npos || end < 3) return {};
  Macro out{text[2], end + 1, 0, false, {}};
  std::string_view rest = text.substr(3, end - 3);
  if (!rest.empty() && is_digit(rest.front())) {
    while (!rest.empty() && is_digit(rest.front())) {
      // No value has more parts than octets, so that a larger count means all of them.
      out.keep = std::min<std::size_t>(out.keep * 10 + static_cast<std::size_t>(rest.front() - '0'),
                                       kMostExpanded);
      rest.remove_prefix(1);
    }
    if (out.keep == 0) return {};
  }
  if (!rest.empty() && to_lower(rest.front()) == 'r') {
    out.reverse = true;
    rest.remove_prefix(1);
  }
  if (rest.find_first_not_of(kDelimiters) != rest.npos) return {};
  out.delimiters = rest;
  return out;
}

/// A top label (section 7.1) is not all digits, and has no hyphen at its ends.
bool is_top_label(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  if (!std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; })) {
    return false;
  }
  return !std::all_of(label.begin(), label.end(), is_digit);
}

/// The nibbles of an IPv6 address, the octets of an IPv4 one, with dots between them.
std::string dotted(const IpAddress& address) {
  if (address.is_v4()) return address.text();
  std::string out = upper(address.reversed_labels());
  std::reverse(out.begin(), out.end());
  return out;
}

std::string value_of(char letter, const MacroValues& values) {
  switch (letter) {
    case 's':
      return std::string(values.local) + '@' + std::string(values.sender_domain);
    case 'l':
      return std::string(values.local);
    case 'o':
      return std::string(values.sender_domain);
    case 'd':
      return std::string(values.domain);
    case 'i':
      return dotted(values.address);
    case 'p':
      return std::string(values.validated);
    case 'v':
      return values.address.is_v4() ? "in-addr" : "ip6";
    case 'h':
      return std::string(values.helo);
    case 'c':
      return values.address.text();
    case 'r':
      return std::string(values.receiver);
    case 't': {
      const auto seconds =
          std::chrono::duration_cast<std::chrono::seconds>(values.now.time_since_epoch()).count();
      return format_number(static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0)));
    }
    default:
      return {};
  }
}

std::string transformed(const std::string& value, const Macro& macro) {
  const std::string_view delimiters = macro.delimiters.empty() ? "." : macro.delimiters;
  std::vector<std::string_view> parts;
  std::string_view rest = value;
  while (true) {
    const std::size_t end = rest.find_first_of(delimiters);
    parts.push_back(rest.substr(0, end));
    if (end == rest.npos) break;
    rest.remove_prefix(end + 1);
  }
  if (macro.reverse) std::reverse(parts.begin(), parts.end());
  const std::size_t keep = macro.keep == 0 ? parts.size() : std::min(macro.keep, parts.size());
  std::string out;
  for (std::size_t i = parts.size() - keep; i < parts.size(); ++i) {
    if (i > parts.size() - keep) out += '.';
    out += parts[i];
  }
  return out;
}

void append_escaped(std::string& out, std::string_view value) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : value) {
    if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      out += {'%', kHex[octet >> 4U], kHex[octet & 0xfU]};
    }
  }
}

}  // namespace

bool is_macro_string(std::string_view text, MacroUse use) {
  const std::string_view letters = use == MacroUse::Text ? "slodiphvcrt" : "slodiphv";
  while (!text.empty()) {
    if (text.front() != '%') {
      if (text.front() < (use == MacroUse::Text ? ' ' : '!') || text.front() > '~') return false;
      text.remove_prefix(1);
      continue;
    }
    const Macro macro = parse_macro(text);
    if (macro.length == 0) return false;
    if (macro.length > 2 && letters.find(to_lower(macro.letter)) == letters.npos) return false;
    text.remove_prefix(macro.length);
  }
  return true;
}

bool is_domain_spec(std::string_view text) {
  if (!is_macro_string(text, MacroUse::Name)) return false;
  // Where the last '%' begins a macro that reaches to the end, that is the domain-end; "%%" cannot
  // be taken for the beginning of one, because a macro has no '%' within it.
  std::size_t last = 0;
  for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', last)) {
    last = at + parse_macro(text.substr(at)).length;
  }
  if (last == text.size()) return last > 0;
  if (text.back() == '.') text.remove_suffix(1);
  const std::size_t dot = text.rfind('.');
  return dot != text.npos && dot >= last && is_top_label(text.substr(dot + 1));
}

bool uses_validated_name(std::string_view text) {
  for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at)) {
    const Macro macro = parse_macro(text.substr(at));
    if (to_lower(macro.letter) == 'p') return true;
    at += std::max<std::size_t>(macro.length, 1);
  }
  return false;
}

std::optional<std::string> expand(std::string_view text, const MacroValues& values) {
  std::string out;
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find('%'), text.size());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Macro macro = parse_macro(text);
    text.remove_prefix(std::max<std::size_t>(macro.length, 1));
    switch (macro.letter) {
      case '%':
        out += '%';
        break;
      case '_':
        out += ' ';
        break;
      case '-':
        out += "%20";
        break;
      default: {
        std::string value = value_of(to_lower(macro.letter), values);
        if (macro.keep != 0 || macro.reverse || !macro.delimiters.empty()) {
          value = transformed(value, macro);
        }
        // A letter in upper case asks for the escapes of a URL.
        if (macro.letter == to_lower(macro.letter)) {
          out += value;
        } else {
          append_escaped(out, value);
        }
      }
    }
    if (out.size() > kMostExpanded) return {};
  }
  if (out.size() > kMostExpanded) return {};
  return out;
}

std::optional<std::string> expand_name(std::string_view text, const MacroValues& values) {
  auto out = expand(text, values);
  if (!out) return {};
  std::string_view name = *out;
  if (name.ends_with('.')) name.remove_suffix(1);
  while (name.size() > kNameOctets) {
    const std::size_t dot = name.find('.');
    if (dot == name.npos) return {};
    name.remove_prefix(dot + 1);
  }
  if (!is_name(name)) return {};
  return std::string(name);
}

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > kNameOctets) return false;
  while (true) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    if (dot == 0 || dot > kLabelOctets) return false;
    if (dot == name.size()) return true;
    name.remove_prefix(dot + 1);
  }
}

bool lies_in(std::string_view name, std::string_view domain) {
  if (iequals(name, domain)) return true;
  return name.size() > domain.size() && name[name.size() - domain.size() - 1] == '.' &&
         iequals(name.substr(name.size() - domain.size()), domain);
}

}  // namespace gatepost::spf
