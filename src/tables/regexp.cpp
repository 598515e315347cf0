// SPDX-License-Identifier: Apache-2.0
// tables: the left side of a regexp: rule, regexp_table(5): a POSIX pattern, matched by PCRE2.
#include "tables/delimited.h"
#include "tables/pcre_matcher.h"
#include "tables/posix_regex.h"

namespace gatepost::tables {

namespace {

struct Flags {
  PosixSyntax syntax = PosixSyntax::Extended;
  std::uint32_t options = PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY;
};

/// Case is ignored unless `i` says otherwise, as in Postfix; each flag switches over.
Result<Flags> parse_flags(std::string_view text) {
  Flags flags;
  for (const char c : text) {
    switch (c) {
      case 'i':
        flags.options ^= PCRE2_CASELESS;
        break;
      case 'm':
        flags.options ^= PCRE2_MULTILINE | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY;
        break;
      case 'x':
        flags.syntax =
            flags.syntax == PosixSyntax::Extended ? PosixSyntax::Basic : PosixSyntax::Extended;
        break;
      default:
        return Error{Cause::Permanent, std::string("unknown flag \"") + c +
                                           "\" after the pattern: expected i, m or x"};
    }
  }
  return flags;
}

}  // namespace

Result<std::unique_ptr<Matcher>> parse_regexp(std::string_view& line) {
  GP_TRY(const Delimited written, take_delimited(line));
  GP_TRY(const Flags flags, parse_flags(written.flags));
  if (written.pattern.size() > kMostPattern) {
    return Error{Cause::Permanent, "pattern too long: expected at most 16384 octets"};
  }
  GP_TRY(const std::string translated, translate_posix(written.pattern, flags.syntax));
  return compile_pcre(translated, flags.options, written.pattern);
}

}  // namespace gatepost::tables
