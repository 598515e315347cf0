// SPDX-License-Identifier: Apache-2.0
// tables: the left side of a pcre: rule, pcre_table(5).
#include "base/text.h"
#include "tables/delimited.h"
#include "tables/pcre_matcher.h"

namespace gatepost::tables {

namespace {

/// Case is ignored and a dot matches a newline unless a flag says otherwise, as in Postfix;
/// each flag switches over.
Result<std::uint32_t> parse_flags(std::string_view text) {
  std::uint32_t flags = PCRE2_CASELESS | PCRE2_DOTALL;
  for (const char c : text) {
    switch (c) {
      case 'i':
        flags ^= PCRE2_CASELESS;
        break;
      case 'm':
        flags ^= PCRE2_MULTILINE;
        break;
      case 's':
        flags ^= PCRE2_DOTALL;
        break;
      case 'x':
        flags ^= PCRE2_EXTENDED;
        break;
      case 'A':
        flags ^= PCRE2_ANCHORED;
        break;
      case 'E':
        flags ^= PCRE2_DOLLAR_ENDONLY;
        break;
      case 'U':
        flags ^= PCRE2_UNGREEDY;
        break;
      case 'X':
        break;  // PCRE2 always does what this asked of PCRE.
      default:
        return Error{Cause::Permanent,
                     std::string("unknown flag \"") + c +
                         "\" after the pattern: expected i, m, s, x, A, E, U or X"};
    }
  }
  return flags;
}

}  // namespace

Result<std::unique_ptr<Matcher>> parse_pcre(std::string_view& line) {
  GP_TRY(const Delimited written, take_delimited(line));
  GP_TRY(const std::uint32_t flags, parse_flags(written.flags));
  if (written.pattern.size() > kMostPattern) {
    return Error{Cause::Permanent, "pattern too long: expected at most 16384 octets"};
  }
  return compile_pcre(written.pattern, flags, written.pattern);
}

}  // namespace gatepost::tables
