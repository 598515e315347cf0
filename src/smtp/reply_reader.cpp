// SPDX-License-Identifier: Apache-2.0
// smtp: from a server's octets to its replies.
#include "smtp/reply_reader.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"

namespace gatepost::smtp {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// One to three digits.
bool take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && count < 3 && is_digit(text[count])) ++count;
  text.remove_prefix(count);
  return count > 0;
}

/// "5.1.1" at the front of a line whose code begins with the same digit; taken off with its blank.
std::string_view take_enhanced(std::string_view& text, std::uint16_t code) {
  std::string_view rest = text;
  if (rest.size() < 5 || rest[0] != static_cast<char>('0' + code / 100) || rest[1] != '.')
    return {};
  rest.remove_prefix(2);
  if (!take_digits(rest) || !rest.starts_with('.')) return {};
  rest.remove_prefix(1);
  if (!take_digits(rest) || (!rest.empty() && rest.front() != ' ')) return {};
  const std::string_view enhanced = text.substr(0, text.size() - rest.size());
  if (!rest.empty()) rest.remove_prefix(1);
  text = rest;
  return enhanced;
}

}  // namespace

std::optional<Reply> ReplyReader::feed(std::string_view& input) {
  if (!begun_) begin();
  while (!broken_ && !input.empty()) {
    const std::size_t end = input.find('\n');
    const std::size_t count = std::min(end, input.size());
    octets_ += count + 1;
    if (octets_ > kMostOctets) {
      broken_ = true;
      return std::nullopt;
    }
    // The end of a line that is too long is of no use to anybody, its code is.
    if (line_.size() < kMostText) line_.append(input.substr(0, std::min(count, kMostText)));
    input.remove_prefix(std::min(count + 1, input.size()));
    if (end == std::string_view::npos) break;
    if (!take_line()) continue;
    begun_ = false;
    return std::move(reply_);
  }
  return std::nullopt;
}

void ReplyReader::begin() {
  begun_ = true;
  octets_ = 0;
  line_.clear();
  extensions_.clear();
  reply_ = Reply{0, {}, {}};
}

bool ReplyReader::take_line() {
  std::string_view line = line_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  const bool formed = line.size() >= 3 && line[0] >= '2' && line[0] <= '5' && is_digit(line[1]) &&
                      is_digit(line[2]) && (line.size() == 3 || line[3] == ' ' || line[3] == '-');
  if (!formed) {
    broken_ = true;
    return false;
  }
  const auto code =
      static_cast<std::uint16_t>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
  const bool first = reply_.code == 0;
  if (!first && code != reply_.code) {
    broken_ = true;
    return false;
  }
  const bool last = line.size() == 3 || line[3] == ' ';
  std::string_view text = line.substr(std::min<std::size_t>(4, line.size()));
  if (!first) extensions_.append(text).push_back('\n');
  const std::string_view enhanced = take_enhanced(text, code);
  if (first) reply_.enhanced = std::string(enhanced);
  reply_.code = code;
  const std::size_t room = kMostText - std::min(kMostText, reply_.text.size());
  if (!reply_.text.empty() && !text.empty() && room > 0) reply_.text.push_back(' ');
  reply_.text.append(text.substr(0, room));
  line_.clear();
  return last;
}

std::string format_said(const Reply& reply) {
  return format("{}{}{} {}", reply.code, reply.enhanced.empty() ? "" : " ", reply.enhanced,
                printable(reply.text, ReplyReader::kMostText));
}

}  // namespace gatepost::smtp
