// SPDX-License-Identifier: Apache-2.0
// tables: POSIX regular expressions, written anew for PCRE2.
#include "tables/posix_regex.h"

#include <array>

#include "base/text.h"

namespace gatepost::tables {

namespace {

struct Escape {
  char letter;
  std::string_view means;
};

/// After a backslash and outside of brackets, in both syntaxes.
constexpr std::array kEscapes = {
    Escape{'w', "\\w"},        Escape{'W', "\\W"},         Escape{'s', "\\s"}, Escape{'S', "\\S"},
    Escape{'b', "\\b"},        Escape{'B', "\\B"},         Escape{'`', "\\A"}, Escape{'\'', "\\z"},
    Escape{'<', "\\b(?=\\w)"}, Escape{'>', "\\b(?<=\\w)"},
};

constexpr std::string_view kOperators = "(){}+?|";

class Translator {
 public:
  Translator(std::string_view pattern, PosixSyntax syntax) : left_(pattern), syntax_(syntax) {}

  Result<std::string> run() {
    while (!left_.empty()) GP_CHECK(next());
    return std::move(out_);
  }

 private:
  Result<void> next() {
    const char c = take();
    if (c == '[') return bracket();
    if (c == '\\') return escaped();
    const bool basic = syntax_ == PosixSyntax::Basic;
    if (c == '*') {
      if (basic && starts_) return literal(c);
      return quantifier(c);
    }
    if (c == '^' && basic && !starts_) return literal(c);
    if (c == '$' && basic && !left_.empty() && !left_.starts_with("\\)") &&
        !left_.starts_with("\\|")) {
      return literal(c);
    }
    if (c == '^') return special(c, starts_);
    if (kOperators.find(c) == kOperators.npos)
      return c == '.' || c == '$' ? special(c) : literal(c);
    return basic ? literal(c) : operate(c);
  }

  Result<void> escaped() {
    if (left_.empty()) return Error{Cause::Permanent, "a backslash at the end of the pattern"};
    const char c = take();
    if (is_digit(c) && c != '0') {
      out_ += "\\g{";
      out_ += c;
      out_ += '}';
      return atom();
    }
    for (const Escape& row : kEscapes) {
      if (row.letter != c) continue;
      out_ += row.means;
      return atom();
    }
    if (syntax_ == PosixSyntax::Basic && kOperators.find(c) != kOperators.npos) return operate(c);
    return literal(c);
  }

  Result<void> operate(char c) {
    if (c == '+' || c == '?') return quantifier(c);
    if (c == '{') return interval();
    if (c == '(' || c == '|') {
      if (c == '(' && (left_.starts_with('?') || left_.starts_with('*'))) {
        return Error{Cause::Permanent,
                     std::string("\"(") + left_.front() + "\" in the pattern: pcre: knows that"};
      }
      return special(c, true);
    }
    return c == '}' ? literal(c) : special(c);
  }

  /// POSIX lets "a*+" be, and PCRE2 would read it as an "a*" that gives nothing back. Two of a
  /// kind are one, and any two that differ are "*".
  Result<void> quantifier(char c) {
    if (!quantified_) {
      out_ += c;
    } else if (out_.back() == '}') {
      return repeated();
    } else if (out_.back() != c) {
      out_.back() = '*';
    }
    quantified_ = true;
    return {};
  }

  static Error repeated() {
    return {Cause::Permanent, "a repetition of a repetition {m,n} in the pattern: expected one"};
  }

  Result<void> interval() {
    if (quantified_) return repeated();
    const std::string_view close = syntax_ == PosixSyntax::Basic ? "\\}" : "}";
    const std::size_t end = left_.find(close);
    const std::string_view body = left_.substr(0, end);
    const std::size_t comma = body.find(',');
    const bool low = parse_number(body.substr(0, comma)).has_value();
    const bool high = comma != body.npos && parse_number(body.substr(comma + 1)).has_value();
    const bool bounds = comma == body.npos
                            ? low
                            : (low || (comma == 0 && high)) && (high || comma + 1 == body.size());
    if (end == left_.npos || !bounds) return literal('{');
    out_ += comma == 0 ? "{0" : "{";
    out_ += body;
    out_ += '}';
    left_.remove_prefix(end + close.size());
    quantified_ = true;
    return {};
  }

  /// A backslash is itself in here, and "]" may come first; [:class:] is the same for PCRE2.
  Result<void> bracket() {
    out_ += '[';
    if (left_.starts_with('^')) out_ += take();
    if (left_.starts_with(']')) {
      out_ += '\\';
      out_ += take();
    }
    while (!left_.empty()) {
      const char c = take();
      if (c == ']') {
        out_ += ']';
        return atom();
      }
      if (c == '[' &&
          (left_.starts_with(':') || left_.starts_with('.') || left_.starts_with('='))) {
        const std::string close = {left_.front(), ']'};
        const std::size_t end = left_.find(close, 1);
        if (end == left_.npos) break;
        out_ += '[';
        out_ += left_.substr(0, end + 2);
        left_.remove_prefix(end + 2);
        continue;
      }
      if (c == '\\' || c == '[') out_ += '\\';
      out_ += c;
    }
    return Error{Cause::Permanent, "a \"[\" without its \"]\" in the pattern"};
  }

  Result<void> literal(char c) {
    const auto octet = static_cast<unsigned char>(c);
    const bool plain = is_alpha(c) || is_digit(c) || octet >= 0x80 || octet < 0x20;
    if (!plain) out_ += '\\';
    out_ += c;
    return atom();
  }

  Result<void> special(char c, bool starts = false) {
    out_ += c;
    quantified_ = false;
    starts_ = starts;
    return {};
  }

  Result<void> atom() {
    quantified_ = starts_ = false;
    return {};
  }

  char take() {
    const char c = left_.front();
    left_.remove_prefix(1);
    return c;
  }

  std::string_view left_;
  PosixSyntax syntax_;
  std::string out_;
  bool starts_ = true;  ///< Nothing to repeat yet: at the start, after "(" and after "|".
  bool quantified_ = false;
};

}  // namespace

Result<std::string> translate_posix(std::string_view pattern, PosixSyntax syntax) {
  return Translator(pattern, syntax).run();
}

}  // namespace gatepost::tables
