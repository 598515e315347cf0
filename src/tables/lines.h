// SPDX-License-Identifier: Apache-2.0
// tables: the logical lines of a configuration or table file, with their numbers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::tables {

/// What is wrong in a file, or worth a word.
struct Problem {
  std::size_t line = 0;  ///< From 1; 0: the file as a whole.
  std::string text;
  bool fatal = true;  ///< False: the file is used, without the line or as the text says.
};

/// Takes a file apart as postconf(5) says: a line that begins with white space continues the one
/// before; empty lines and lines whose first word begins with # are left out, also between a
/// line and its continuation. CRLF ends a line as LF does, the last line needs no end, and a
/// byte order mark in front is skipped.
class LineReader {
 public:
  /// `text` outlives the reader.
  explicit LineReader(std::string_view text);

  /// The next logical line, without white space at its end; false at the end of the text. A line
  /// with a NUL, one longer than limits::kConfigLine and a continuation of nothing are problems
  /// and left out.
  bool next();

  /// Valid until the next call of next(). The physical lines stand next to each other, each
  /// continuation with its white space.
  [[nodiscard]] std::string_view line() const { return line_; }
  /// Where the logical line begins.
  [[nodiscard]] std::size_t number() const { return number_; }
  [[nodiscard]] std::vector<Problem> take_problems() { return std::move(problems_); }

 private:
  bool take_physical(std::string_view& line);
  void refuse(std::size_t number, std::string text);
  bool join_continuations(std::string_view first);

  std::string_view rest_;
  std::string_view line_;
  std::string joined_;
  std::size_t number_ = 0;
  std::size_t physical_ = 0;
  std::vector<Problem> problems_;
};

}  // namespace gatepost::tables
