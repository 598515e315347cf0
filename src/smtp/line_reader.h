// SPDX-License-Identifier: Apache-2.0
// smtp: octets to command lines, bounded.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::smtp {

struct Line {
  std::string_view
      text;  ///< Without the line end and CRs right before it. Borrowed until the next take().
  bool bare_lf = false;   ///< Ended by LF without CR.
  bool too_long = false;  ///< Longer than the limit; all of it was discarded and `text` is empty.
  bool endless = false;   ///< No end was found in limit + kEndless octets; the stream is of no use.
};

/// Finds command lines in octets cut anywhere. Keeps only an unfinished line, at most
/// limit + 1 octets of it; while there is none, no memory is held.
class LineReader {
 public:
  static constexpr std::size_t kEndless = 64 * 1024;

  /// Takes the next line off the front of `input`, or all of `input` when it ends before the
  /// line does. `limit`: octets without the line end.
  [[nodiscard]] std::optional<Line> take(std::string_view& input, std::size_t limit);
  /// An unfinished line is forgotten.
  void clear();
  /// More of a line was seen than there may be, and its end was not.
  [[nodiscard]] bool is_over() const { return dropped_ > 0; }
  /// Nothing of a line was seen yet.
  [[nodiscard]] bool idle() const { return (held_.empty() || given_) && dropped_ == 0; }

 private:
  std::string held_;
  std::size_t dropped_ = 0;  ///< Octets of a line already known to be too long.
  bool given_ = false;       ///< `held_` is borrowed by the last line.
};

}  // namespace gatepost::smtp
