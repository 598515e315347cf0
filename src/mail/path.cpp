// SPDX-License-Identifier: Apache-2.0
// mail: reverse-path and forward-path, local part and domain.
#include "mail/path.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/address.h"
#include "base/limits.h"
#include "base/text.h"

namespace gatepost::mail {
namespace {

constexpr std::size_t kLabel = 63;  // RFC 1035 section 2.3.4

bool is_high(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

// RFC 5322 section 3.2.3, with the UTF8-non-ascii of RFC 6531 section 3.3.
bool is_atext(char c) {
  return is_alnum(c) || is_high(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// qtextSMTP and quoted-pairSMTP admit what is printable in ASCII, and nothing that could end a line.
bool is_quotable(char c) {
  return (c >= ' ' && c <= '~') || is_high(c);
}

bool is_dot_string(std::string_view local) {
  if (local.empty() || local.front() == '.' || local.back() == '.') return false;
  if (local.find("..") != local.npos) return false;
  return std::all_of(local.begin(), local.end(), [](char c) { return c == '.' || is_atext(c); });
}

bool is_label(std::string_view label, bool utf8, bool underscore) {
  if (label.empty() || label.size() > kLabel) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [=](char c) {
    return is_alnum(c) || c == '-' || (utf8 && is_high(c)) || (underscore && c == '_');
  });
}

bool has_labels(std::string_view text, bool utf8, bool underscore) {
  if (text.size() > limits::kDomain) return false;
  if (utf8 && !is_utf8(text)) return false;
  for (;;) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    if (!is_label(text.substr(0, dot), utf8, underscore)) return false;
    if (dot == text.size()) return true;
    text.remove_prefix(dot + 1);
  }
}

class Parser {
 public:
  Parser(std::string_view text, const PathRules& rules) : left_(text), rules_(rules) {}

  std::string_view left() const { return left_; }
  bool at(char c) const { return !left_.empty() && left_.front() == c; }
  bool take(char c) {
    if (!at(c)) return false;
    left_.remove_prefix(1);
    return true;
  }

  // A-d-l ":" of RFC 5321 section 4.1.2. It has been meaningless since 1989 and is dropped.
  std::optional<PathError> route() {
    if (!at('@')) return {};
    do {
      if (!take('@')) return PathError::Syntax;
      std::string ignored;
      if (const auto error = domain(ignored)) return error;
    } while (take(','));
    if (!take(':')) return PathError::Syntax;
    return {};
  }

  std::optional<PathError> mailbox(Mailbox& out) {
    const auto error = at('"') ? quoted(out.local) : plain(out.local);
    if (error) return error;
    if (!take('@')) return {};
    return domain(out.domain);
  }

 private:
  std::optional<PathError> quoted(std::string& out) {
    left_.remove_prefix(1);
    for (;;) {
      if (left_.empty()) return PathError::Syntax;
      char c = left_.front();
      left_.remove_prefix(1);
      if (c == '"') break;
      if (c == '\\') {
        if (left_.empty()) return PathError::Syntax;
        c = left_.front();
        left_.remove_prefix(1);
      }
      if (!is_quotable(c)) return PathError::LocalPart;
      if (is_high(c) && !rules_.utf8) return PathError::NeedUtf8;
      out.push_back(c);
    }
    if (out.empty() || out.size() > limits::kLocalPart) return PathError::LocalPart;
    return {};
  }

  std::optional<PathError> plain(std::string& out) {
    const auto end = std::find_if_not(left_.begin(), left_.end(),
                                      [](char c) { return c == '.' || is_atext(c); });
    const std::string_view local = left_.substr(0, static_cast<std::size_t>(end - left_.begin()));
    left_.remove_prefix(local.size());
    if (local.empty()) return PathError::Syntax;
    if (!rules_.utf8 && !is_ascii(local)) return PathError::NeedUtf8;
    if (local.size() > limits::kLocalPart) return PathError::LocalPart;
    // Addresses such as `a..b@example.org` were given out by large carriers and are in use.
    if (rules_.strict && !is_dot_string(local)) return PathError::LocalPart;
    out = local;
    return {};
  }

  std::optional<PathError> domain(std::string& out) {
    std::size_t size = 0;
    if (at('[')) {
      size = left_.find(']');
      if (size == left_.npos) return PathError::Syntax;
      ++size;
      if (!is_address_literal(left_.substr(0, size))) return PathError::Domain;
    } else {
      while (size < left_.size() && (is_alnum(left_[size]) || is_high(left_[size]) ||
                                     std::string_view("-._").find(left_[size]) != left_.npos)) {
        ++size;
      }
      if (!rules_.utf8 && !is_ascii(left_.substr(0, size))) return PathError::NeedUtf8;
      if (rules_.utf8 && !is_utf8(left_.substr(0, size))) return PathError::BadUtf8;
      if (!has_labels(left_.substr(0, size), rules_.utf8, !rules_.strict)) {
        return PathError::Domain;
      }
    }
    out = left_.substr(0, size);
    left_.remove_prefix(size);
    return {};
  }

  std::string_view left_;
  const PathRules& rules_;
};

PathResult check_utf8(Mailbox&& mailbox) {
  if (!is_utf8(mailbox.local) || !is_utf8(mailbox.domain)) return PathError::BadUtf8;
  return std::move(mailbox);
}

PathResult parse_bracketed(std::string_view& text, const PathRules& rules) {
  Parser parser(text, rules);
  Mailbox mailbox;
  if (!parser.take('<')) return PathError::Syntax;
  if (parser.take('>')) {
    if (!rules.null) return PathError::Syntax;
  } else {
    if (const auto error = parser.route()) return *error;
    if (const auto error = parser.mailbox(mailbox)) return *error;
    if (!parser.take('>')) return PathError::Syntax;
  }
  if (text.size() - parser.left().size() > limits::kPath) return PathError::TooLong;
  text = parser.left();
  return check_utf8(std::move(mailbox));
}

}  // namespace

std::string Mailbox::text() const {
  std::string out;
  out.reserve(local.size() + domain.size() + 3);
  if (local.empty() || is_dot_string(local)) {
    out = local;
  } else {
    out.push_back('"');
    for (const char c : local) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out.push_back('"');
  }
  if (!domain.empty()) {
    out.push_back('@');
    out += domain;
  }
  return out;
}

PathResult parse_path(std::string_view& text, const PathRules& rules) {
  std::string_view left = text;
  if (!rules.strict) {
    while (!left.empty() && is_space(left.front())) left.remove_prefix(1);
  }
  const bool bracketed = !left.empty() && left.front() == '<';
  if (!bracketed && (rules.strict || left.empty())) return PathError::Syntax;
  PathResult result = PathError::Syntax;
  if (bracketed) {
    result = parse_bracketed(left, rules);
  } else {
    Parser parser(left, rules);
    Mailbox mailbox;
    if (const auto error = parser.mailbox(mailbox)) return *error;
    if (left.size() - parser.left().size() + 2 > limits::kPath) return PathError::TooLong;
    left = parser.left();
    result = check_utf8(std::move(mailbox));
  }
  if (std::holds_alternative<PathError>(result)) return result;
  // Whatever follows directly would be read by some as part of the address.
  if (!left.empty() && !is_space(left.front())) return PathError::Syntax;
  text = left;
  return result;
}

PathResult parse_mailbox(std::string_view text, const PathRules& rules) {
  if (text.empty()) return rules.null ? PathResult(Mailbox{}) : PathResult(PathError::Syntax);
  Parser parser(text, rules);
  Mailbox mailbox;
  if (const auto error = parser.mailbox(mailbox)) return *error;
  if (!parser.left().empty()) return PathError::Syntax;
  if (text.size() + 2 > limits::kPath) return PathError::TooLong;
  return check_utf8(std::move(mailbox));
}

bool is_domain(std::string_view text, bool utf8) {
  return has_labels(text, utf8, false);
}

bool is_address_literal(std::string_view text) {
  constexpr std::string_view kTag = "IPv6:";
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return false;
  text = text.substr(1, text.size() - 2);
  const bool six = istarts_with(text, kTag);
  if (six) text.remove_prefix(kTag.size());
  return IpAddress::parse(text).has_value() && (text.find(':') != text.npos) == six;
}

}  // namespace gatepost::mail
