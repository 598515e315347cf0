// SPDX-License-Identifier: Apache-2.0
// tables: cidr:, regexp: and pcre: tables: rules in the order of the file.
#include "tables/rules.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "tables/template.h"

namespace gatepost::tables {

namespace {

constexpr std::size_t kMostNested = 100;

struct Rule {
  std::unique_ptr<Matcher> matcher;
  bool negated = false;
  std::size_t line = 0;
  Template result;
  std::size_t otherwise = 0;  // An `if`: where to go on when it does not hold; 0: a rule.
};

class RuleTable final : public Table {
 public:
  RuleTable(Type type, std::string name, std::vector<Rule> rules)
      : type_(type), name_(std::move(name)), rules_(std::move(rules)) {}

  [[nodiscard]] Result<std::optional<std::string>> find(std::string_view key) const override {
    Subject subject{key, {}};
    if (type_ == Type::Cidr) {
      subject.address = IpAddress::parse(key);
      if (!subject.address) return std::optional<std::string>();
    }
    Groups groups;
    for (std::size_t i = 0; i < rules_.size();) {
      const Rule& rule = rules_[i];
      const bool wanted = rule.otherwise == 0 && !rule.negated;
      const Result<bool> matched = rule.matcher->matches(subject, wanted ? &groups : nullptr);
      if (!matched) return at_line(rule, matched.error());
      const bool holds = *matched != rule.negated;
      if (rule.otherwise == 0 && holds) return std::optional(rule.result.expand(groups));
      i = rule.otherwise != 0 && !holds ? rule.otherwise : i + 1;
    }
    return std::optional<std::string>();
  }

 private:
  [[nodiscard]] Error at_line(const Rule& rule, const Error& error) const {
    return {error.cause, name_ + " line " + format_number(rule.line) + ": " + error.detail,
            error.system};
  }

  Type type_;
  std::string name_;
  std::vector<Rule> rules_;
};

MatcherParser parser_of(Type type) {
  return type == Type::Cidr ? parse_cidr : type == Type::Regexp ? parse_regexp : parse_pcre;
}

/// Gathers rules line by line and keeps account of `if`.
class Builder {
 public:
  explicit Builder(Type type) : type_(type), parse_(parser_of(type)) {}

  Result<void> add(std::size_t number, std::string_view line) {
    std::string_view rest = line;
    const std::string_view word = take_word(rest, " \t\r\n\v\f");
    if (iequals(word, "endif")) return end(rest);
    Rule rule;
    rule.line = number;
    const bool condition = iequals(word, "if");
    if (condition) line = trim(rest);
    if (line.starts_with('!')) {
      rule.negated = true;
      line = trim(line.substr(1));
    }
    GP_TRY(rule.matcher, parse_(line));
    return condition ? begin(std::move(rule), line) : finish(std::move(rule), line);
  }

  Result<void> check_end(std::size_t& line) const {
    if (open_.empty()) return {};
    line = rules_[open_.back()].line;
    return Error{Cause::Permanent, "an if without its endif"};
  }

  std::vector<Rule> take() { return std::move(rules_); }

 private:
  Result<void> end(std::string_view rest) {
    if (open_.empty()) return Error{Cause::Permanent, "an endif without an if before it"};
    if (!trim(rest).empty()) return Error{Cause::Permanent, "text after endif"};
    rules_[open_.back()].otherwise = rules_.size();
    open_.pop_back();
    return {};
  }

  Result<void> begin(Rule rule, std::string_view rest) {
    if (!trim(rest).empty()) return Error{Cause::Permanent, "text after the pattern of an if"};
    if (open_.size() >= kMostNested)
      return Error{Cause::Permanent, "too many ifs inside each other"};
    open_.push_back(rules_.size());
    rule.otherwise = rules_.size() + 1;
    rules_.push_back(std::move(rule));
    return {};
  }

  Result<void> finish(Rule rule, std::string_view rest) {
    const std::string_view result = trim(rest);
    if (result.empty())
      return Error{Cause::Permanent, "expected white space and a result after the pattern"};
    const std::size_t groups = rule.negated ? 0 : rule.matcher->groups();
    GP_TRY(rule.result, Template::parse(result, groups, type_ == Type::Cidr));
    rules_.push_back(std::move(rule));
    return {};
  }

  Type type_;
  MatcherParser parse_;
  std::vector<Rule> rules_;
  std::vector<std::size_t> open_;
};

void add_line(Builder& builder,
              std::size_t number,
              std::string_view line,
              std::vector<Problem>& problems) {
  constexpr std::size_t kMostProblems = 20;
  if (const Result<void> added = builder.add(number, line);
      !added && problems.size() < kMostProblems) {
    problems.push_back({number, added.error().detail});
  }
}

void add_inline(Builder& builder, std::string_view argument, std::vector<Problem>& problems) {
  const auto rules = split_list(argument.substr(1, argument.size() - 2), true);
  if (!rules) {
    problems.push_back({0, rules.error().detail});
    return;
  }
  std::size_t number = 0;
  for (const std::string& rule : *rules) add_line(builder, ++number, rule, problems);
  if (rules->empty()) problems.push_back({0, "an empty table: expected {{pattern result}, ...}"});
}

}  // namespace

Built build_rules(const Spec& spec, std::string_view text) {
  Builder builder(spec.type);
  std::vector<Problem> problems;
  if (spec.has_file()) {
    LineReader reader(text);
    while (reader.next()) add_line(builder, reader.number(), reader.line(), problems);
    for (Problem& problem : reader.take_problems()) problems.push_back(std::move(problem));
  } else {
    add_inline(builder, spec.argument, problems);
  }
  std::size_t line = 0;
  // An if that failed to parse leaves an endif over; only the first mistake is worth telling.
  if (problems.empty()) {
    if (const Result<void> ended = builder.check_end(line); !ended) {
      problems.push_back({line, ended.error().detail});
    }
  }
  if (!problems.empty()) return {nullptr, std::move(problems)};
  return {std::make_shared<RuleTable>(spec.type, spec.text(), builder.take()), {}};
}

}  // namespace gatepost::tables
