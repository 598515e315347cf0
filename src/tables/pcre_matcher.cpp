// SPDX-License-Identifier: Apache-2.0
// tables: one compiled pattern of PCRE2, with bounds on what a match may cost.
#include "tables/pcre_matcher.h"

#include <array>
#include <cstdint>
#include <utility>

#include "base/text.h"
#include "tables/delimited.h"

namespace gatepost::tables {

namespace {

// The key comes from strangers, and backtracking can double with every octet of it. With these a
// hostile key costs a few milliseconds, and an honest pattern never meets them.
constexpr std::uint32_t kMatchLimit = 100'000;
constexpr std::uint32_t kDepthLimit = 5'000;
constexpr std::uint32_t kHeapLimitKib = 1024;

template <auto kFree>
struct Freed {
  template <class T>
  void operator()(T* held) const {
    kFree(held);
  }
};
using Code = std::unique_ptr<pcre2_code, Freed<pcre2_code_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Freed<pcre2_match_context_free>>;
using CompileContext = std::unique_ptr<pcre2_compile_context, Freed<pcre2_compile_context_free>>;

std::string message(int number) {
  std::array<PCRE2_UCHAR, 200> text{};
  const int length = pcre2_get_error_message(number, text.data(), text.size());
  if (length < 0) return "error " + std::to_string(number);
  return {text.begin(), text.begin() + length};
}

PCRE2_SPTR octets(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data());
}

class PcreMatcher final : public Matcher {
 public:
  Result<void> compile(std::string_view pattern, std::uint32_t flags, std::string_view written) {
    const CompileContext context(pcre2_compile_context_create(nullptr));
    if (!context) return Error{Cause::Temporary, "no memory for a pattern"};
    pcre2_set_parens_nest_limit(context.get(), 100);
    int failed = 0;
    PCRE2_SIZE at = 0;
    code_.reset(pcre2_compile(octets(pattern), pattern.size(), flags, &failed, &at, context.get()));
    if (!code_) {
      return Error{Cause::Permanent, "regular expression \"" + std::string(written) +
                                         "\", at octet " + format_number(at) + ": " +
                                         message(failed)};
    }
    std::uint32_t count = 0;
    if (pcre2_pattern_info(code_.get(), PCRE2_INFO_CAPTURECOUNT, &count) == 0) groups_ = count;
    context_.reset(pcre2_match_context_create(nullptr));
    if (!context_) return Error{Cause::Temporary, "no memory for a pattern"};
    pcre2_set_match_limit(context_.get(), kMatchLimit);
    pcre2_set_depth_limit(context_.get(), kDepthLimit);
    pcre2_set_heap_limit(context_.get(), kHeapLimitKib);
    return {};
  }

  [[nodiscard]] std::size_t groups() const override { return groups_; }

  [[nodiscard]] Result<bool> matches(const Subject& subject, Groups* groups) const override {
    if (subject.key.size() > kMostSubject) return Error{Cause::Temporary, "a key that is too long"};
    const MatchData found(pcre2_match_data_create_from_pattern(code_.get(), nullptr));
    if (!found) return Error{Cause::Temporary, "no memory for a match"};
    const int said = pcre2_match(code_.get(), octets(subject.key), subject.key.size(), 0, 0,
                                 found.get(), context_.get());
    if (said == PCRE2_ERROR_NOMATCH) return false;
    if (said < 0) return Error{Cause::Temporary, message(said)};
    if (groups != nullptr) keep(subject.key, found.get(), *groups);
    return true;
  }

 private:
  void keep(std::string_view key, pcre2_match_data* found, Groups& out) const {
    const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(found);
    out.assign(groups_ + 1, {});
    for (std::size_t i = 0; i < out.size() && i < pcre2_get_ovector_count(found); ++i) {
      const PCRE2_SIZE begin = offsets[2 * i];
      const PCRE2_SIZE end = offsets[2 * i + 1];
      // \K may put the beginning after the end.
      if (begin != PCRE2_UNSET && begin <= end && end <= key.size())
        out[i] = key.substr(begin, end - begin);
    }
  }

  Code code_;
  MatchContext context_;
  std::size_t groups_ = 0;
};

}  // namespace

Result<std::unique_ptr<Matcher>> compile_pcre(std::string_view pattern,
                                              std::uint32_t flags,
                                              std::string_view written) {
  auto matcher = std::make_unique<PcreMatcher>();
  // \C could match half of a character; nobody needs it here.
  GP_CHECK(matcher->compile(pattern, flags | PCRE2_NEVER_BACKSLASH_C, written));
  return std::unique_ptr<Matcher>(std::move(matcher));
}

}  // namespace gatepost::tables
