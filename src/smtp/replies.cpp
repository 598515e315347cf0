// SPDX-License-Identifier: Apache-2.0
// smtp: every reply the server machine gives of its own, as rows, and their form on the wire.
#include "smtp/replies.h"

#include <algorithm>

#include "base/text.h"

namespace gatepost::smtp {
namespace {

constexpr std::size_t kLine = 510;  // RFC 5321 section 4.5.3.1.5, less CRLF.

std::string prefix(const Reply& reply, char mark) {
  std::string out = format_number(reply.code);
  out.push_back(mark);
  if (reply.enhanced.empty()) return out;
  out += reply.enhanced;
  // RFC 2034 section 4: the class digit and the first digit of the code are the same.
  out[4] = out[0];
  out.push_back(' ');
  return out;
}

// Cut so that no character is left in two.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most);
}

void append_line(std::string& out, const Reply& reply, std::string_view text, bool last) {
  const std::size_t begin = out.size();
  out += prefix(reply, last ? ' ' : '-');
  const std::size_t used = out.size() - begin;
  text = cut(text, kLine - std::min(kLine, used));
  const bool utf8 = is_utf8(text);
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < ' ' || octet == 0x7F) {
      out.push_back(' ');
    } else {
      out.push_back(octet < 0x80 || utf8 ? c : '?');
    }
  }
  out += "\r\n";
}

constexpr ReplyEntry kEntries[] = {
#define GP_REPLIES(heading) {heading, nullptr},
#define GP_REPLY(name, code, enhanced, text, detail) {{}, &replies::name},
#include "smtp/replies.def"
#undef GP_REPLIES
#undef GP_REPLY
};

}  // namespace

std::span<const ReplyEntry> reply_entries() {
  return kEntries;
}

Reply make_reply(const ReplyRow& row, std::string_view detail) {
  Reply reply{row.code, std::string(row.enhanced), {}};
  reply.text.reserve(row.text.size() + detail.size());
  if (row.detail == Detail::Before) reply.text += detail;
  reply.text += row.text;
  if (row.detail == Detail::After) reply.text += detail;
  return reply;
}

void soften(Reply& reply) {
  if (reply.code < 500) return;
  reply.code = static_cast<std::uint16_t>(reply.code - 100);
  if (!reply.enhanced.empty()) reply.enhanced[0] = '4';
}

void append_reply(std::string& out, const Reply& reply) {
  std::string_view text = reply.text;
  for (;;) {
    const std::size_t end = text.find('\n');
    append_line(out, reply, text.substr(0, end), end == text.npos);
    if (end == text.npos) return;
    text.remove_prefix(end + 1);
  }
}

std::string format_reply(const Reply& reply) {
  std::string out = prefix(reply, ' ');
  out += reply.text;
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

}  // namespace gatepost::smtp
