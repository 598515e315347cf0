// SPDX-License-Identifier: Apache-2.0
// config: $name, ${name?value}, ${{a} == {b} ? {x} : {y}} in values.
#include "config/expand.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"

namespace gatepost::config {

namespace {

constexpr std::size_t kMostNested = 100;
// Names looked up for one value: what doubles with every level stays small in text for long.
constexpr std::size_t kMostLookups = 100'000;

Error refusal(std::string text) {
  return {Cause::Permanent, std::move(text)};
}

std::string shown(std::string_view text) {
  return printable(text, limits::kLogText);
}

bool is_name_char(char c) {
  return is_alnum(c) || c == '_';
}

std::string_view take_name(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_name_char);
  const std::string_view name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(name.size());
  return name;
}

void skip_space(std::string_view& text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
}

/// Takes what stands between the bracket at the front of `text` and the one that closes it.
Result<std::string_view> take_bracketed(std::string_view& text) {
  const char open = text.front();
  const char close = open == '{' ? '}' : ')';
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == open) ++depth;
    if (text[i] == close && --depth == 0) {
      const std::string_view inside = text.substr(1, i - 1);
      text.remove_prefix(i + 1);
      return inside;
    }
  }
  return refusal(format("no {} to close \"{}\"", close, shown(text)));
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

/// -1, 0 or 1.
int compare(std::string_view a, std::string_view b) {
  if (is_number(a) && is_number(b)) {
    const auto significant = [](std::string_view text) {
      return text.substr(std::min(text.find_first_not_of('0'), text.size()));
    };
    a = significant(a);
    b = significant(b);
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  }
  const int order = a.compare(b);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

/// Numbers between dots, from the front; what is missing counts as 0.
int compare_levels(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const std::string_view left = take_word(a, ".");
    const std::string_view right = take_word(b, ".");
    const int order = compare(left.empty() ? "0" : left, right.empty() ? "0" : right);
    if (order != 0) return order;
  }
  return 0;
}

Result<bool> holds(std::string_view a, std::string_view relation, std::string_view b) {
  constexpr std::string_view kLevel = "level";
  const bool levels = relation.ends_with(kLevel);
  if (levels) relation.remove_suffix(kLevel.size());
  const int order = levels ? compare_levels(a, b) : compare(a, b);
  if (relation == "==") return order == 0;
  if (relation == "!=") return order != 0;
  if (relation == "<") return order < 0;
  if (relation == "<=") return order <= 0;
  if (relation == ">") return order > 0;
  if (relation == ">=") return order >= 0;
  return refusal(
      format("\"{}\" between two {{}}: expected one of == != < <= > >=", shown(relation)));
}

/// The two branches after a condition, not expanded; views into the value.
struct Branches {
  std::string_view yes;
  std::string_view no;
};

class Expander {
 public:
  explicit Expander(Names& names) : names_(names) {}

  Result<std::string> expand(std::string_view text) {
    if (open_.size() + depth_ >= kMostNested) return refusal("values nested too deep");
    ++depth_;
    std::string out;
    while (!text.empty()) {
      const std::size_t plain = std::min(text.find('$'), text.size());
      out += text.substr(0, plain);
      text.remove_prefix(plain);
      if (text.empty()) break;
      text.remove_prefix(1);
      GP_TRY(const std::string piece, take_reference(text));
      out += piece;
      if (out.size() > limits::kConfigLine) return refusal("the value becomes too long");
    }
    --depth_;
    return out;
  }

 private:
  /// The $ is gone already.
  Result<std::string> take_reference(std::string_view& text) {
    if (text.starts_with('$')) {
      text.remove_prefix(1);
      return std::string("$");
    }
    if (text.starts_with('{') || text.starts_with('(')) {
      GP_TRY(const std::string_view inside, take_bracketed(text));
      return expression(inside);
    }
    const std::string_view rest = text;
    const std::string_view name = take_name(text);
    if (name.empty()) {
      return refusal(format("\"${}\": expected $name, ${{...}}, or $$ for a dollar sign",
                            shown(rest.substr(0, 1))));
    }
    return value(name);
  }

  /// What stands between ${ and }.
  Result<std::string> expression(std::string_view inside) {
    std::string_view rest = inside;
    skip_space(rest);
    if (rest.starts_with('{')) return comparison(rest);
    const std::string_view name = take_name(rest);
    skip_space(rest);
    if (name.empty())
      return refusal(format("\"${{{}}}\": expected the name of a parameter", shown(inside)));
    if (rest.empty()) return value(name);
    const char mark = rest.front();
    if (mark != '?' && mark != ':') {
      return refusal(format("\"${{{}}}\": expected ?, : or }} after the name", shown(inside)));
    }
    rest.remove_prefix(1);
    GP_TRY(const bool has_value, is_set(name));
    if (mark == ':') {
      GP_TRY(const std::string_view text, whole_branch(rest));
      return has_value ? Result<std::string>(std::string()) : expand(text);
    }
    GP_TRY(const Branches branches, take_branches(rest));
    return expand(has_value ? branches.yes : branches.no);
  }

  Result<std::string> comparison(std::string_view rest) {
    GP_TRY(const std::string_view left, take_bracketed(rest));
    skip_space(rest);
    const std::size_t end = std::min(rest.find_first_of("{ \t\r\n"), rest.size());
    const std::string_view relation = rest.substr(0, end);
    rest.remove_prefix(end);
    skip_space(rest);
    if (!rest.starts_with('{')) return refusal("a comparison without its second {...}");
    GP_TRY(const std::string_view right, take_bracketed(rest));
    skip_space(rest);
    if (!rest.starts_with('?')) return refusal("a comparison without ? after it");
    rest.remove_prefix(1);
    GP_TRY(const Branches branches, take_branches(rest));
    GP_TRY(const std::string a, expand(trim(left)));
    GP_TRY(const std::string b, expand(trim(right)));
    GP_TRY(const bool yes, holds(a, relation, b));
    return expand(yes ? branches.yes : branches.no);
  }

  /// `{yes}:{no}`, `{yes}`, or all of the rest as it stands.
  static Result<Branches> take_branches(std::string_view rest) {
    std::string_view text = rest;
    skip_space(text);
    if (!text.starts_with('{')) return Branches{rest, {}};
    Branches out;
    GP_TRY(out.yes, take_bracketed(text));
    skip_space(text);
    if (text.empty()) return Branches{trim(out.yes), {}};
    if (!text.starts_with(':'))
      return refusal(format("\"{}\" after {{...}}: expected : or }}", shown(text)));
    text.remove_prefix(1);
    GP_TRY(out.no, whole_branch(text));
    return Branches{trim(out.yes), out.no};
  }

  static Result<std::string_view> whole_branch(std::string_view rest) {
    std::string_view text = rest;
    skip_space(text);
    if (!text.starts_with('{')) return rest;
    GP_TRY(const std::string_view inside, take_bracketed(text));
    skip_space(text);
    if (!text.empty()) return refusal(format("\"{}\" after {{...}}: expected }}", shown(text)));
    return trim(inside);
  }

  /// The value of a parameter, expanded.
  Result<std::string> value(std::string_view name) {
    GP_TRY(const std::optional<std::string> found, look_up(name));
    if (!found) {
      return refusal(
          format("\"${}\" refers to an unknown parameter{}", shown(name), names_.suggestion(name)));
    }
    return *found;
  }

  Result<bool> is_set(std::string_view name) {
    GP_TRY(const std::optional<std::string> found, look_up(name));
    return found && !found->empty();
  }

  Result<std::optional<std::string>> look_up(std::string_view name) {
    if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
      return refusal(format("\"{}\" refers to itself", shown(name)));
    }
    if (++lookups_ > kMostLookups) return refusal("too many parameters refer to each other");
    const std::optional<std::string> raw = names_.value_of(name);
    if (!raw) return std::optional<std::string>();
    open_.emplace_back(name);
    GP_TRY(std::string text, expand(*raw));
    open_.pop_back();
    return std::optional(std::move(text));
  }

  Names& names_;
  std::vector<std::string> open_;  // Parameters whose values are being expanded.
  std::size_t depth_ = 0;
  std::size_t lookups_ = 0;
};

}  // namespace

Result<std::string> expand(std::string_view value, Names& names) {
  return Expander(names).expand(value);
}

}  // namespace gatepost::config
