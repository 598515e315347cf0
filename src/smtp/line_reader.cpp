// SPDX-License-Identifier: Apache-2.0
// smtp: octets to command lines, bounded.
#include "smtp/line_reader.h"

#include <algorithm>

namespace gatepost::smtp {
namespace {

Line finish(std::string_view octets, std::size_t limit) {
  Line line;
  line.bare_lf = octets.empty() || octets.back() != '\r';
  if (!line.bare_lf) octets.remove_suffix(1);
  if (octets.size() > limit) {
    line.too_long = true;
    return line;
  }
  // CRs heaped before the line end mean nothing to a command; Postfix drops them too.
  while (!octets.empty() && octets.back() == '\r') octets.remove_suffix(1);
  line.text = octets;
  return line;
}

}  // namespace

std::optional<Line> LineReader::take(std::string_view& input, std::size_t limit) {
  if (given_) clear();
  const std::size_t room = (dropped_ > 0) ? kEndless + limit - dropped_ : limit + 2 - held_.size();
  const std::string_view front = input.substr(0, room);
  const std::size_t end = front.find('\n');
  const std::string_view piece = front.substr(0, end);
  input.remove_prefix(piece.size() + (end == front.npos ? 0 : 1));
  if (dropped_ > 0) {
    dropped_ += piece.size();
    const bool endless = end == front.npos && dropped_ >= kEndless + limit;
    if (end == front.npos && !endless) return std::nullopt;
    clear();
    return Line{.text = {}, .bare_lf = false, .too_long = true, .endless = endless};
  }
  if (end != front.npos && held_.empty()) return finish(piece, limit);
  held_.append(piece);
  if (end != front.npos) {
    given_ = true;
    return finish(held_, limit);
  }
  if (held_.size() < limit + 2) return std::nullopt;
  // Not even a CR as the last octet could make it short enough.
  dropped_ = held_.size();
  std::string().swap(held_);
  return take(input, limit);
}

void LineReader::clear() {
  std::string().swap(held_);
  dropped_ = 0;
  given_ = false;
}

}  // namespace gatepost::smtp
