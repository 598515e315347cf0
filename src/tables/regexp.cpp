// SPDX-License-Identifier: Apache-2.0
// tables: the left side of a regexp: rule: POSIX regular expressions by libc.
#include <array>
#include <optional>
#include <regex.h>
#include <utility>

#include "base/text.h"
#include "tables/delimited.h"
#include "tables/rules.h"

namespace gatepost::tables {

namespace {

constexpr std::size_t kMostGroups = 32;
constexpr std::size_t kMostPattern = 4096;

class RegexpMatcher final : public Matcher {
 public:
  RegexpMatcher() = default;
  ~RegexpMatcher() override {
    if (compiled_) regfree(&regex_);
  }
  RegexpMatcher(const RegexpMatcher&) = delete;
  RegexpMatcher& operator=(const RegexpMatcher&) = delete;

  Result<void> compile(const std::string& pattern, int flags) {
    const int failed = regcomp(&regex_, pattern.c_str(), flags);
    if (failed != 0) {
      std::array<char, 200> why{};
      regerror(failed, &regex_, why.data(), why.size());
      return Error{Cause::Permanent, "regular expression \"" + pattern + "\": " + why.data()};
    }
    compiled_ = true;
    return {};
  }

  [[nodiscard]] std::size_t groups() const override { return regex_.re_nsub; }

  [[nodiscard]] Result<bool> matches(const Subject& subject, Groups* groups) const override {
    // libc takes a NUL for the end: what follows it would go unseen.
    if (subject.key.find('\0') != subject.key.npos || subject.key.size() > kMostSubject) {
      return Error{Cause::Temporary, "a key that is too long or holds a NUL"};
    }
    const std::string key(subject.key);
    std::array<regmatch_t, kMostGroups> found{};
    const int said = regexec(&regex_, key.c_str(), found.size(), found.data(), 0);
    if (said == REG_NOMATCH) return false;
    if (said != 0) return Error{Cause::Temporary, "matching ran out of memory"};
    if (groups != nullptr) keep(subject.key, found, *groups);
    return true;
  }

 private:
  void keep(std::string_view key,
            const std::array<regmatch_t, kMostGroups>& found,
            Groups& out) const {
    out.assign(regex_.re_nsub + 1, {});
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (found[i].rm_so < 0) continue;
      const auto begin = static_cast<std::size_t>(found[i].rm_so);
      out[i] = key.substr(begin, static_cast<std::size_t>(found[i].rm_eo) - begin);
    }
  }

  regex_t regex_{};
  bool compiled_ = false;
};

/// Case is ignored unless `i` says otherwise, as in Postfix; each flag switches over.
Result<int> parse_flags(std::string_view text) {
  int flags = REG_EXTENDED | REG_ICASE;
  for (const char c : text) {
    switch (c) {
      case 'i':
        flags ^= REG_ICASE;
        break;
      case 'm':
        flags ^= REG_NEWLINE;
        break;
      case 'x':
        flags ^= REG_EXTENDED;
        break;
      default:
        return Error{Cause::Permanent, std::string("unknown flag \"") + c +
                                           "\" after the pattern: expected i, m or x"};
    }
  }
  return flags;
}

/// \1 to \9 outside of brackets. Matching those may take time exponential in the key, and the
/// key comes from strangers.
bool refers_back(std::string_view pattern) {
  bool bracket = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (bracket) {
      bracket = pattern[i] != ']';
    } else if (pattern[i] == '[') {
      bracket = true;
      if (i + 1 < pattern.size() && pattern[i + 1] == '^') ++i;
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') ++i;
    } else if (pattern[i] == '\\' && ++i < pattern.size() && is_digit(pattern[i])) {
      return true;
    }
  }
  return false;
}

/// glibc writes {m,n} out when it compiles: nested ones multiply to gigabytes. The product of
/// all upper bounds is a bound of what it makes.
bool repeats_too_much(std::string_view pattern) {
  std::uint64_t product = 1;
  for (std::size_t i = pattern.find('{'); i != pattern.npos; i = pattern.find('{', i + 1)) {
    const std::string_view body = pattern.substr(i + 1, pattern.substr(i + 1).find('}'));
    const std::size_t comma = body.find(',');
    const auto low = parse_number(trim(body.substr(0, comma)));
    const auto high = comma == body.npos ? low : parse_number(trim(body.substr(comma + 1)));
    const std::uint64_t most = std::max<std::uint64_t>(high.value_or(low.value_or(1)), 1);
    if (most > 1000 || (product *= most) > 10'000) return true;
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<Matcher>> parse_regexp(std::string_view& line) {
  GP_TRY(const Delimited written, take_delimited(line));
  GP_TRY(const int flags, parse_flags(written.flags));
  if (written.pattern.size() > kMostPattern) {
    return Error{Cause::Permanent, "pattern too long: expected at most 4096 octets"};
  }
  if (refers_back(written.pattern)) {
    return Error{Cause::Permanent,
                 "a back-reference such as \\1 in the pattern: expected none, for matching it "
                 "takes time without bound; pcre: has a bound"};
  }
  if (repeats_too_much(written.pattern)) {
    return Error{Cause::Permanent,
                 "repetitions {m,n} that multiply to more than 10000; pcre: has a bound"};
  }
  auto matcher = std::make_unique<RegexpMatcher>();
  GP_CHECK(matcher->compile(written.pattern, flags));
  if (matcher->groups() >= kMostGroups) {
    return Error{Cause::Permanent, "more than 31 groups in the pattern"};
  }
  return std::unique_ptr<Matcher>(std::move(matcher));
}

}  // namespace gatepost::tables
