// SPDX-License-Identifier: Apache-2.0
// fuzz: chunks of any size in any cut become one text, and no octet past a chunk is taken.
#include <algorithm>
#include <array>
#include <span>

#include "fuzz/input.h"
#include "smtp/chunk_reader.h"

using gatepost::fuzz::Input;
using gatepost::fuzz::must;

namespace {

std::string scan(std::string_view text) {
  std::string stored;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool crlf = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (crlf) ++i;
    stored += (!crlf && text[i] == '\r') ? ' ' : text[i];
  }
  if (!stored.empty() && stored.back() != '\n') stored += '\n';
  return stored;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::size_t piece = input.octet() % 32U + 1;
  const std::size_t room = input.octet() % 62U + 2;
  const std::size_t step = input.octet() % 40U + 1;
  std::string_view octets = input.rest();
  const std::string expected = scan(octets);
  gatepost::smtp::ChunkReader reader;
  gatepost::smtp::LineEnds ends;
  std::string stored;
  std::array<char, 64> buffer{};
  while (!octets.empty()) {
    const std::size_t chunk = std::min(step, octets.size());
    reader.begin({chunk, chunk == octets.size()});
    std::size_t used = 0;
    while (reader.left() > 0) {
      // More than the chunk is offered on purpose.
      const std::string part = gatepost::fuzz::copy(octets.substr(used, piece));
      std::string_view front = part;
      const auto got = reader.read(front, std::span(buffer).first(room), ends);
      stored.append(buffer.data(), got.octets);
      used += part.size() - front.size();
      must(got.ended == (reader.left() == 0));
      must(used + reader.left() == chunk);
    }
    octets.remove_prefix(chunk);
  }
  stored.append(buffer.data(), ends.finish(buffer));
  must(stored == expected);
  const auto parsed = gatepost::smtp::parse_chunk_size(input.rest());
  if (parsed && parsed->octets > 0)
    must(input.rest().find_first_of("123456789") != std::string_view::npos);
  return 0;
}
