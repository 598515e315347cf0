// SPDX-License-Identifier: Apache-2.0
// smtp: the text of a message, from the wire's form to its own.
#include "smtp/text_reader.h"

#include <algorithm>
#include <cstring>

namespace gatepost::smtp {
namespace {

// How far to look for a line end at once. Bounded, so that a text of nothing but LF does not
// make us look through the whole input for a CR at every octet of it.
constexpr std::size_t kLook = 256;

// Octets before the first CR or LF of `text`.
std::size_t plain_run(std::string_view text) {
  const std::size_t lf = std::min(text.find('\n'), text.size());
  return std::min(text.substr(0, lf).find('\r'), lf);
}

}  // namespace

std::size_t LineEnds::convert(std::string_view& input, std::span<char> out) {
  std::size_t used = 0;
  const auto put = [&](char c) { out[used++] = c; };
  while (!input.empty() && out.size() - used >= 2) {
    if (cr_ && input.front() != '\n') {
      cr_ = false;
      put(' ');
      continue;
    }
    if (input.front() == '\n') {
      put('\n');
      after_crlf_ = cr_;
      bare_lf_ = bare_lf_ || !cr_;
      cr_ = false;
      line_start_ = true;
      input.remove_prefix(1);
      continue;
    }
    line_start_ = false;
    if (input.front() == '\r') {
      cr_ = true;
      input.remove_prefix(1);
      continue;
    }
    const std::size_t room = std::min(out.size() - used, kLook);
    const std::size_t run = plain_run(input.substr(0, room));
    std::memcpy(out.data() + used, input.data(), run);
    used += run;
    input.remove_prefix(run);
  }
  return used;
}

std::size_t LineEnds::finish(std::span<char> out) {
  std::size_t used = 0;
  if (cr_) out[used++] = ' ';
  if (cr_ || !line_start_) out[used++] = '\n';
  cr_ = false;
  line_start_ = true;
  return used;
}

TextPiece TextReader::read(std::string_view& input, std::span<char> out) {
  TextPiece piece;
  while (!input.empty() && out.size() - piece.octets >= 4) {
    const char c = input.front();
    if (dot_ == Dot::SeenCr && c == '\n' && ends_.after_crlf()) {
      input.remove_prefix(1);
      piece.ended = true;
      return piece;
    }
    if (dot_ == Dot::Seen && c == '\r') {
      // Whether this is the end shows with the next octet.
      dot_ = Dot::SeenCr;
      input.remove_prefix(1);
      continue;
    }
    if (dot_ == Dot::SeenCr) ends_.hold_cr();
    if (dot_ == Dot::None && ends_.at_line_start() && c == '.') {
      dot_ = Dot::Seen;
      input.remove_prefix(1);
      continue;
    }
    dot_ = Dot::None;
    // One line at most, so that the start of the next one is seen here.
    std::string_view front = input.substr(0, kLook);
    front = front.substr(0, std::min(front.find('\n'), front.size() - 1) + 1);
    const std::size_t offered = front.size();
    piece.octets += ends_.convert(front, out.subspan(piece.octets));
    input.remove_prefix(offered - front.size());
  }
  return piece;
}

}  // namespace gatepost::smtp
