// SPDX-License-Identifier: Apache-2.0
// fuzz: DATA texts, against a scanner that sees everything at once.
#include <array>
#include <span>

#include "fuzz/input.h"
#include "smtp/text_reader.h"

using gatepost::fuzz::Input;
using gatepost::fuzz::must;

namespace {

struct Reference {
  std::string stored;
  std::size_t used = 0;
  bool ended = false;
};

// The rules of text_reader.h said once more, with the whole text at hand.
Reference scan(std::string_view octets) {
  Reference result;
  const std::string framed = "\r\n" + std::string(octets);
  const std::size_t end = framed.find("\r\n.\r\n");
  result.ended = end != framed.npos;
  result.used = result.ended ? end + 3 : octets.size();
  const std::string_view text = octets.substr(0, result.ended ? end : octets.size());
  bool line_start = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool crlf = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (line_start && text[i] == '.') {
      line_start = false;
      continue;
    }
    line_start = crlf || text[i] == '\n';
    if (crlf) ++i;
    result.stored += line_start ? '\n' : (text[i] == '\r' ? ' ' : text[i]);
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::size_t piece = input.octet() % 32U + 1;
  const std::size_t room = input.octet() % 60U + 4;
  std::string_view octets = input.rest();
  Reference expected = scan(octets);
  const std::string_view whole = octets;
  gatepost::smtp::TextReader reader;
  std::string stored;
  bool ended = false;
  std::array<char, 64> buffer{};
  while (!octets.empty() && !ended) {
    const std::string part = gatepost::fuzz::copy(octets.substr(0, piece));
    std::string_view front = part;
    const auto got = reader.read(front, std::span(buffer).first(room));
    must(got.octets > 0 || front.size() < part.size());
    stored.append(buffer.data(), got.octets);
    ended = got.ended;
    octets.remove_prefix(part.size() - front.size());
  }
  must(ended == expected.ended);
  must(whole.size() - octets.size() == expected.used);
  // Up to a CR and a dot may still be held back when the text has no end.
  if (!ended) {
    must(expected.stored.size() - stored.size() <= 2);
    expected.stored.resize(stored.size());
  }
  must(stored == expected.stored);
  must(stored.find('\r') == stored.npos);
  return 0;
}
