// SPDX-License-Identifier: Apache-2.0
// smtp: the text of a message, from the wire's form to its own.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gatepost::smtp {

/// What one call of a reader did.
struct TextPiece {
  std::size_t octets = 0;  ///< Written to the buffer.
  bool ended = false;      ///< The end of the text was taken from the input.
};

/// Line ends as they are stored: CRLF becomes LF, LF alone is a line end too, and a CR that
/// is not followed by LF becomes a space. So the stored text knows one line end only, and no
/// reader after us can find a line, a dot or a message in it that we did not see.
/// Everything else passes unchanged, NUL included.
class LineEnds {
 public:
  /// Takes octets off the front of `input` until it or the room in `out` is used up. Needs
  /// room for two octets to make progress. Returns how many octets it wrote.
  std::size_t convert(std::string_view& input, std::span<char> out);
  /// The text is over: a CR held back becomes a space, and an open last line is ended.
  /// `out` needs room for two octets.
  std::size_t finish(std::span<char> out);

  /// The octets so far end a line, or there are none.
  [[nodiscard]] bool at_line_start() const { return line_start_ && !cr_; }
  /// The last line end was CRLF.
  [[nodiscard]] bool after_crlf() const { return after_crlf_; }
  [[nodiscard]] bool bare_lf() const { return bare_lf_; }
  /// Takes a CR that was seen outside.
  void hold_cr() {
    cr_ = true;
    line_start_ = false;
  }

 private:
  bool cr_ = false;  ///< A CR was taken and waits for what follows it.
  bool line_start_ = true;
  bool after_crlf_ = true;
  bool bare_lf_ = false;
};

/// Reads the octets that follow DATA up to the end of the text, which is CRLF "." CRLF and
/// nothing else (RFC 5321 sections 4.1.1.4 and 2.3.8); the CRLF of DATA itself counts as the
/// first. Dots doubled by the sender are undone (section 4.5.2) at the start of every line,
/// whichever way the line before it ended.
///
/// Holds back at most two octets between calls and never allocates. Lines may be of any
/// length.
class TextReader {
 public:
  /// Takes octets off the front of `input` until it or the room in `out` is used up, or the
  /// text has ended; what follows the end stays in `input`. `out` needs room for 4 octets.
  TextPiece read(std::string_view& input, std::span<char> out);

  /// LF without CR was met in the text.
  [[nodiscard]] bool bare_lf() const { return ends_.bare_lf(); }

 private:
  enum class Dot : std::uint8_t { None, Seen, SeenCr };

  LineEnds ends_;
  Dot dot_ = Dot::None;
};

}  // namespace gatepost::smtp
