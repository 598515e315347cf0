// SPDX-License-Identifier: Apache-2.0
// tables: how a configuration names a table, and lists in which tables may stand.
#include "tables/spec.h"

#include <array>
#include <utility>

#include "base/text.h"

namespace gatepost::tables {

namespace {

struct TypeRow {
  std::string_view name;
  Type type;
};
constexpr std::array kTypes{
    TypeRow{"hash", Type::Indexed},   TypeRow{"btree", Type::Indexed},
    TypeRow{"lmdb", Type::Indexed},   TypeRow{"cdb", Type::Indexed},
    TypeRow{"dbm", Type::Indexed},    TypeRow{"texthash", Type::Indexed},
    TypeRow{"cidr", Type::Cidr},      TypeRow{"regexp", Type::Regexp},
    TypeRow{"pcre", Type::Pcre},      TypeRow{"static", Type::Static},
    TypeRow{"inline", Type::Inline},  TypeRow{"unix", Type::UnixPasswd},
    TypeRow{"unionmap", Type::Union}, TypeRow{"pipemap", Type::Pipe},
};

Error refusal(std::string text) {
  return {Cause::Permanent, std::move(text)};
}

constexpr std::string_view kSeparators = ", \t\r\n\v\f";

bool is_separator(char c) {
  return kSeparators.find(c) != kSeparators.npos;
}

bool holds_braces(std::string_view argument) {
  return argument.size() >= 2 && argument.front() == '{' && argument.back() == '}';
}

Result<Spec> check_argument(Spec spec) {
  if (spec.argument.empty() && spec.type != Type::Static) {
    return refusal("nothing behind \"" + spec.prefix + ":\": expected a file or {...}");
  }
  if (spec.argument.find('\0') != spec.argument.npos) return refusal("a NUL octet in a table name");
  switch (spec.type) {
    case Type::UnixPasswd:
      if (spec.argument != "passwd.byname") {
        return refusal("unknown table \"" + spec.text() + "\": expected unix:passwd.byname");
      }
      break;
    case Type::Inline:
    case Type::Union:
    case Type::Pipe:
      if (!holds_braces(spec.argument)) {
        return refusal("\"" + spec.text() + "\": expected " + spec.prefix + ":{...}");
      }
      break;
    default:
      break;
  }
  return spec;
}

std::string_view strip_braces(std::string_view word) {
  if (!holds_braces(word)) return word;
  // "{a}{b}" begins and ends with braces that do not belong together.
  std::size_t depth = 0;
  for (std::size_t i = 0; i + 1 < word.size(); ++i) {
    if (word[i] == '{') ++depth;
    if (word[i] == '}' && --depth == 0) return word;
  }
  return trim(word.substr(1, word.size() - 2));
}

}  // namespace

bool Spec::has_file() const {
  switch (type) {
    case Type::Indexed:
    case Type::UnixPasswd:
    case Type::Aliases:
    case Type::List:
      return true;
    case Type::Cidr:
    case Type::Regexp:
    case Type::Pcre:
      return !holds_braces(argument);
    default:
      return false;
  }
}

bool looks_like_table(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos || colon == 0) return false;
  const std::string_view word = text.substr(0, colon);
  bool hexadecimal = true;
  for (const char c : word) {
    if (!is_alnum(c) && c != '_') return false;
    if (!is_digit(c) && (to_lower(c) < 'a' || to_lower(c) > 'f')) hexadecimal = false;
  }
  // "cdb:" could begin an IPv6 address; no file name would follow there.
  const std::string_view rest = text.substr(colon + 1);
  if (hexadecimal) return !rest.empty() && std::string_view("/.{").find(rest.front()) != rest.npos;
  return !is_digit(word.front());
}

Result<Spec> parse_spec(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with("proxy:")) rest.remove_prefix(6);
  const std::size_t colon = rest.find(':');
  const std::string_view prefix = rest.substr(0, colon);
  if (colon == rest.npos || prefix.empty()) {
    return refusal("\"" + std::string(text) +
                   "\" is no table: expected type:name, as hash:/etc/gatepost/table");
  }
  std::string known;
  for (const TypeRow& row : kTypes) {
    if (row.name == prefix) {
      return check_argument({row.type, std::string(prefix), std::string(rest.substr(colon + 1))});
    }
    known += (known.empty() ? "" : " ") + std::string(row.name);
  }
  return refusal("unknown table type \"" + std::string(prefix) + "\": expected one of " + known);
}

Result<std::vector<std::string>> split_list(std::string_view text, bool strip) {
  std::vector<std::string> words;
  std::size_t i = 0;
  for (;;) {
    while (i < text.size() && is_separator(text[i])) ++i;
    if (i == text.size()) return words;
    const std::size_t begin = i;
    std::size_t depth = 0;
    for (; i < text.size() && (depth > 0 || !is_separator(text[i])); ++i) {
      if (text[i] == '{') ++depth;
      if (text[i] == '}' && depth-- == 0) return refusal("a } without a { before it in a list");
    }
    if (depth > 0) return refusal("a { without its } in a list");
    const std::string_view word = text.substr(begin, i - begin);
    words.emplace_back(strip ? strip_braces(word) : word);
  }
}

}  // namespace gatepost::tables
