// SPDX-License-Identifier: Apache-2.0
// smtp: the octets of BDAT chunks (RFC 3030), from the wire's form to the stored one.
#include "smtp/chunk_reader.h"

#include <algorithm>

#include "base/text.h"

namespace gatepost::smtp {

std::optional<ChunkSize> parse_chunk_size(std::string_view arguments) {
  const auto octets = parse_number(take_word(arguments, " \t"));
  if (!octets) return std::nullopt;
  const std::string_view last = take_word(arguments, " \t");
  if (!last.empty() && !iequals(last, "LAST")) return std::nullopt;
  if (!take_word(arguments, " \t").empty()) return std::nullopt;
  return ChunkSize{*octets, !last.empty()};
}

TextPiece ChunkReader::read(std::string_view& input, std::span<char> out, LineEnds& ends) {
  std::string_view front =
      input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size())));
  const std::size_t offered = front.size();
  TextPiece piece;
  piece.octets = ends.convert(front, out);
  const std::size_t used = offered - front.size();
  left_ -= used;
  input.remove_prefix(used);
  piece.ended = left_ == 0;
  return piece;
}

bool ChunkReader::skip(std::string_view& input) {
  const auto used = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
  left_ -= used;
  input.remove_prefix(used);
  return left_ == 0;
}

}  // namespace gatepost::smtp
