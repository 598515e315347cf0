// SPDX-License-Identifier: Apache-2.0
// policy: words of an owner with the names of a session in them.
#include "policy/macros.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace gatepost::policy {
namespace {

/// Words inside words: more levels are not written by people.
constexpr unsigned kMostNested = 10;

/// Takes what stands between the bracket at the front of `text` and the one that closes it; all of
/// it where none does.
std::string_view take_bracketed(std::string_view& text) {
  const char open = text.front();
  const char close = open == '{' ? '}' : ')';
  std::size_t depth = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (text[end] == open) ++depth;
    if (text[end] == close && --depth == 0) break;
  }
  const std::string_view inside = text.substr(1, end - 1);
  text.remove_prefix(std::min(end + 1, text.size()));
  return inside;
}

std::string_view take_name(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && (is_alnum(text[size]) || text[size] == '_')) ++size;
  const std::string_view name = text.substr(0, size);
  text.remove_prefix(size);
  return name;
}

/// `{text}`, or all of it.
std::string_view branch(std::string_view text) {
  std::string_view trimmed = trim(text);
  return trimmed.starts_with('{') ? take_bracketed(trimmed) : text;
}

class Expansion {
 public:
  Expansion(const MacroNames& names, std::string_view allowed) : names_(names), allowed_(allowed) {}

  void expand(std::string_view text, unsigned depth) {
    for (;;) {
      const std::size_t plain = std::min(text.find('$'), text.size());
      append(text.substr(0, plain));
      if (plain == text.size()) return;
      text.remove_prefix(plain + 1);
      reference(text, depth);
    }
  }
  std::string take() { return std::move(out_); }

 private:
  void append(std::string_view text) {
    out_ += text.substr(0, kMostExpanded - std::min(out_.size(), kMostExpanded));
  }

  /// What follows a $.
  void reference(std::string_view& text, unsigned depth) {
    if (text.starts_with('$')) {
      text.remove_prefix(1);
      return append("$");
    }
    std::string_view rest = text;
    const bool bracketed = text.starts_with('{') || text.starts_with('(');
    if (bracketed) rest = take_bracketed(text);
    const std::string_view name = take_name(bracketed ? rest : text);
    if (name.empty() && !bracketed) return append("$");
    std::string value = names_.value_of(name).value_or(std::string());
    rest = trim(rest);
    const char mark = bracketed && !rest.empty() ? rest.front() : '\0';
    if (mark != '?' && mark != ':') return put(value);
    rest.remove_prefix(1);
    if (depth >= kMostNested) return;
    if (mark == ':') {
      if (value.empty()) expand(branch(rest), depth + 1);
      return;
    }
    std::string_view yes = rest;
    std::string_view no;
    if (trim(rest).starts_with('{')) {
      rest = trim(rest);
      yes = take_bracketed(rest);
      rest = trim(rest);
      if (rest.starts_with(':')) no = branch(rest.substr(1));
    }
    expand(value.empty() ? no : yes, depth + 1);
  }

  void put(std::string& value) {
    for (char& c : value) {
      if (allowed_.find(c) == allowed_.npos) c = '_';
    }
    append(value);
  }

  const MacroNames& names_;
  std::string_view allowed_;
  std::string out_;
};

}  // namespace

std::string expand_macros(std::string_view text,
                          const MacroNames& names,
                          std::string_view allowed) {
  Expansion expansion(names, allowed);
  expansion.expand(text, 0);
  return expansion.take();
}

std::string read_escapes(std::string_view text) {
  constexpr std::string_view kLetters = "abfnrtv\\";
  constexpr std::string_view kMeant = "\a\b\f\n\r\t\v\\";
  std::string out;
  while (!text.empty()) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == '\\' && !text.empty()) {
      c = text.front();
      unsigned code = 0;
      std::size_t digits = 0;
      while (digits < std::min<std::size_t>(3, text.size()) && text[digits] >= '0' &&
             text[digits] <= '7') {
        code = code * 8 + static_cast<unsigned>(text[digits++] - '0');
      }
      if (digits > 0) c = static_cast<char>(code & 0xffU);
      const std::size_t letter = kLetters.find(c);
      if (digits == 0 && letter != kLetters.npos) c = kMeant[letter];
      text.remove_prefix(std::max<std::size_t>(digits, 1));
    }
    out += c;
  }
  return out;
}

}  // namespace gatepost::policy
