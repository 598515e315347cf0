// SPDX-License-Identifier: Apache-2.0
// cli: a message as local programs write it, turned into the form in which it is stored.
#pragma once

#include <string>
#include <string_view>

#include "smtp/text_reader.h"

namespace gatepost::cli {

/// Takes CRLF and LF for line ends and leaves LF; a CR elsewhere becomes a space, as in mail by
/// SMTP. Drops a first line that begins with "From " (the form of mbox files). Lines of any length.
class LocalText {
 public:
  /// `dot_ends`: a line that holds a dot alone ends the text; not with -i.
  explicit LocalText(bool dot_ends) : dot_ends_(dot_ends) {}

  /// Appends to `out`; false when the text is over: what follows does not belong to it.
  bool feed(std::string_view octets, std::string& out);
  /// No more comes. An unended last line is ended.
  void finish(std::string& out);
  /// A NUL was met: no mail may hold one (RFC 5322 section 3.5).
  [[nodiscard]] bool has_nul() const { return has_nul_; }

 private:
  void pass(std::string_view octets, std::string& out);

  smtp::LineEnds ends_;
  const bool dot_ends_;
  bool has_nul_ = false;
  bool over_ = false;
  bool first_ = true;      // Within the first line.
  bool skipping_ = false;  // A line that is dropped.
  bool at_start_ = true;
  std::string held_;  // The begin of a line that may be a dot alone, or "From ".
};

}  // namespace gatepost::cli
