// SPDX-License-Identifier: Apache-2.0
// smtp: the octets of BDAT chunks (RFC 3030), from the wire's form to the stored one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "smtp/text_reader.h"

namespace gatepost::smtp {

/// What follows BDAT on its line.
struct ChunkSize {
  std::uint64_t octets = 0;
  bool last = false;
};

/// "count" or "count LAST"; nothing when it is anything else or does not fit in 64 bits.
[[nodiscard]] std::optional<ChunkSize> parse_chunk_size(std::string_view arguments);

/// Counts the octets of one chunk after another. It is a counter and nothing else: no octet
/// is looked at to find the end, and no octet past the end is touched.
class ChunkReader {
 public:
  void begin(ChunkSize size) {
    size_ = size;
    left_ = size.octets;
  }

  /// Takes octets of the chunk off the front of `input`, turning line ends into stored ones;
  /// a CR at the end of a chunk may be completed by the next. `out` needs room for 2 octets.
  TextPiece read(std::string_view& input, std::span<char> out, LineEnds& ends);
  /// Takes octets of the chunk off the front of `input` and drops them. True at its end.
  bool skip(std::string_view& input);

  [[nodiscard]] const ChunkSize& size() const { return size_; }
  [[nodiscard]] std::uint64_t left() const { return left_; }

 private:
  ChunkSize size_;
  std::uint64_t left_ = 0;
};

}  // namespace gatepost::smtp
