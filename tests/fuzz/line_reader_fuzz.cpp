// SPDX-License-Identifier: Apache-2.0
// fuzz: command lines are the same in every cut, and never longer than the limit.
#include <vector>

#include "fuzz/input.h"
#include "smtp/line_reader.h"

using gatepost::fuzz::Input;
using gatepost::fuzz::must;

namespace {

struct Found {
  std::string text;
  bool bare_lf;
  bool too_long;
  bool operator==(const Found&) const = default;
};

std::vector<Found> read(std::string_view octets, std::size_t piece, std::size_t limit) {
  gatepost::smtp::LineReader reader;
  std::vector<Found> found;
  while (!octets.empty()) {
    const std::string part = gatepost::fuzz::copy(octets.substr(0, piece));
    octets.remove_prefix(part.size());
    std::string_view front = part;
    while (!front.empty()) {
      const auto line = reader.take(front, limit);
      must(line || front.empty());
      if (!line) break;
      must(line->text.size() <= limit);
      must(line->text.find('\n') == line->text.npos);
      found.push_back({std::string(line->text), line->bare_lf && !line->too_long, line->too_long});
    }
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::size_t piece = input.octet() % 32U + 1;
  const std::size_t limit = input.octet() % 64U;
  must(read(input.rest(), piece, limit) == read(input.rest(), input.rest().size() + 1, limit));
  return 0;
}
