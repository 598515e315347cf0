// SPDX-License-Identifier: Apache-2.0
// tables: the right side of a pattern: text with $1, ${1}, $(1) and $$.
#include "tables/template.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace gatepost::tables {

namespace {

Error refusal(std::string text) {
  return {Cause::Permanent, std::move(text)};
}

/// Takes "1", "{1}" or "(1)" off the front of `rest`, the $ being gone already.
Result<std::size_t> take_group(std::string_view& rest, std::size_t groups) {
  const char open = rest.empty() ? '\0' : rest.front();
  const char close = open == '{' ? '}' : open == '(' ? ')' : '\0';
  if (close != '\0') rest.remove_prefix(1);
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  const auto number = parse_number(rest.substr(0, digits));
  rest.remove_prefix(digits);
  if (!number || (close != '\0' && !rest.starts_with(close))) {
    return refusal("a $ in the result: expected $1, ${1}, $(1), or $$ for a dollar sign");
  }
  if (close != '\0') rest.remove_prefix(1);
  if (*number == 0 || *number > groups) {
    return refusal("$" + format_number(*number) + " in the result: the pattern has " +
                   format_number(groups) + " groups");
  }
  return static_cast<std::size_t>(*number);
}

}  // namespace

Result<Template> Template::parse(std::string_view text, std::size_t groups, bool literal) {
  Template out;
  Piece piece;
  while (!text.empty()) {
    const std::size_t plain = literal ? text.size() : std::min(text.find('$'), text.size());
    piece.text += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.starts_with('$')) {
      piece.text += '$';
      text.remove_prefix(1);
      continue;
    }
    GP_TRY(piece.group, take_group(text, groups));
    out.pieces_.push_back(std::exchange(piece, {}));
  }
  out.pieces_.push_back(std::move(piece));
  return out;
}

std::string Template::expand(std::span<const std::string_view> groups) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.text;
    if (piece.group > 0 && piece.group < groups.size()) out += groups[piece.group];
  }
  return out;
}

}  // namespace gatepost::tables
