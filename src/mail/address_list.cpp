// SPDX-License-Identifier: Apache-2.0
// mail: the addresses in a header field such as To.
#include "mail/address_list.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::mail {
namespace {

enum class Kind : std::uint8_t { Word, Quoted, Literal, Dot, At };

struct Token {
  Kind kind;
  std::string text;
  std::size_t end;  // Offset behind it.
};

/// One element under way, and what is between its angle brackets.
class Reader {
 public:
  explicit Reader(std::string_view value) : value_(value) {}

  AddressList read() {
    while (at_ < value_.size()) step();
    element_over();
    return std::move(list_);
  }

 private:
  void step() {
    const char c = value_[at_];
    switch (c) {
      case '(':
        return comment();
      case '"':
        return quoted();
      case '[':
        return literal();
      case '<':
        // A second pair is no address any more.
        bad_ = bad_ || angle_ != Angle::None;
        tokens_.clear();
        angle_ = Angle::Open;
        break;
      case '>':
        bad_ = bad_ || angle_ != Angle::Open;
        angle_ = Angle::Closed;
        break;
      case ':':
        // The name of a group, or the route before an address: neither is looked at.
        tokens_.clear();
        bad_ = bad_ || angle_ == Angle::Closed;
        if (angle_ == Angle::None) begin_ = at_ + 1;
        break;
      case ',':
        if (angle_ == Angle::Open) {
          tokens_.clear();
          break;
        }
        [[fallthrough]];
      case ';':
        element_over();
        begin_ = at_ + 1;
        break;
      case ')':
      case ']':
        // The end of what has no beginning.
        bad_ = true;
        break;
      case '.':
        return add(Kind::Dot, 1);
      case '@':
        return add(Kind::At, 1);
      default:
        if (!is_space(c)) return word();
    }
    ++at_;
  }

  void add(Kind kind, std::size_t octets) {
    // After the closing bracket nothing but comments may follow.
    bad_ = bad_ || angle_ == Angle::Closed;
    tokens_.push_back({kind, std::string(value_.substr(at_, octets)), at_ + octets});
    at_ += octets;
  }

  void word() {
    const std::size_t end = value_.find_first_of(" \t\r\n()<>[]:;@,.\"", at_);
    add(Kind::Word, std::min(end, value_.size()) - at_);
  }

  void comment() {
    std::size_t depth = 0;
    for (; at_ < value_.size(); ++at_) {
      const char c = value_[at_];
      if (c == '\\') ++at_;
      if (c == '(') ++depth;
      if (c == ')' && --depth == 0) break;
    }
    bad_ = bad_ || at_ >= value_.size();
    at_ = std::min(at_ + 1, value_.size());
  }

  void quoted() {
    std::string text;
    std::size_t at = at_ + 1;
    for (; at < value_.size() && value_[at] != '"'; ++at) {
      if (value_[at] == '\\' && at + 1 < value_.size()) ++at;
      // A fold within quotes is the white space after it (RFC 5322 section 3.2.4).
      if (value_[at] != '\n' && value_[at] != '\r') text.push_back(value_[at]);
    }
    bad_ = bad_ || at >= value_.size() || angle_ == Angle::Closed;
    at_ = std::min(at + 1, value_.size());
    tokens_.push_back({Kind::Quoted, std::move(text), at_});
  }

  void literal() {
    const std::size_t end = value_.find(']', at_);
    bad_ = bad_ || end == value_.npos;
    add(Kind::Literal, std::min(end, value_.size() - 1) + 1 - at_);
  }

  void element_over() {
    const bool empty = tokens_.empty() && !bad_ && angle_ == Angle::None;
    if (!empty) {
      ListedAddress found;
      const bool full = list_.addresses.size() >= kMostListed;
      if (!full && !bad_ && angle_ != Angle::Open && make(found)) {
        list_.addresses.push_back(std::move(found));
      } else if (list_.faults.size() < kMostListed) {
        const std::string_view written = value_.substr(begin_, at_ - begin_);
        list_.faults.emplace_back(trim(written.substr(0, limits::kLogReply)));
      }
    }
    tokens_.clear();
    bad_ = false;
    angle_ = Angle::None;
  }

  /// local-part = word *("." word), "@" domain may lack; both in the obsolete form with white
  /// space between the parts.
  bool make(ListedAddress& out) const {
    std::size_t at = 0;
    for (; at < tokens_.size() && tokens_[at].kind != Kind::At; ++at) {
      const Token& token = tokens_[at];
      const bool dot = token.kind == Kind::Dot;
      const bool after_dot = at == 0 || tokens_[at - 1].kind == Kind::Dot;
      if (token.kind == Kind::Literal || (!dot && !after_dot)) return false;
      out.mailbox.local += token.text;
      out.local_end = token.end;
    }
    if (out.mailbox.local.empty()) return false;
    for (++at; at < tokens_.size(); ++at) {
      const Token& token = tokens_[at];
      if (token.kind == Kind::At || token.kind == Kind::Quoted) return false;
      const bool joined =
          out.mailbox.domain.empty() || out.mailbox.domain.back() == '.' || token.kind == Kind::Dot;
      if (!joined) return false;
      out.mailbox.domain += token.text;
    }
    const bool has_at = std::any_of(tokens_.begin(), tokens_.end(),
                                    [](const Token& token) { return token.kind == Kind::At; });
    if (has_at == out.mailbox.domain.empty()) return false;
    const PathRules rules{.utf8 = true, .strict = false, .null = false};
    const PathResult parsed = parse_mailbox(out.mailbox.text(), rules);
    const auto* again = std::get_if<Mailbox>(&parsed);
    return again != nullptr && *again == out.mailbox;
  }

  enum class Angle : std::uint8_t { None, Open, Closed };

  std::string_view value_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  // Of the element.
  std::vector<Token> tokens_;
  Angle angle_ = Angle::None;
  bool bad_ = false;
  AddressList list_;
};

}  // namespace

AddressList parse_address_list(std::string_view value) {
  return Reader(value).read();
}

}  // namespace gatepost::mail
