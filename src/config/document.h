// SPDX-License-Identifier: Apache-2.0
// config: the file's own form: NAME = VALUE and SERVICE.NAME = VALUE, with the lines they are on.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/finding.h"

namespace gatepost::config {

/// One parameter as written; the value is not expanded yet.
struct Assignment {
  std::string service;  ///< Empty, or one of kServiceNames.
  std::string name;
  std::string value;
  std::size_t line = 0;
};

/// All of a file. Of a parameter that is set twice the last one counts, as in Postfix.
class Document {
 public:
  /// Mistakes of form are added to `findings` under the name `file`.
  [[nodiscard]] static Document parse(std::string_view text,
                                      const std::string& file,
                                      Findings& findings);

  /// Borrowed from the document.
  [[nodiscard]] const Assignment* find(std::string_view service, std::string_view name) const;
  /// In the order of the file, the last one of each.
  [[nodiscard]] const std::vector<Assignment>& assignments() const { return assignments_; }
  /// What is set as `name` is set as `now` from here on; one that is set by both names keeps the
  /// value of `now`. The lines on which `name` stood.
  std::vector<std::size_t> rename(std::string_view name, std::string_view now);

 private:
  void set(Assignment assignment, const std::string& file, Findings& findings);

  std::vector<Assignment> assignments_;
};

}  // namespace gatepost::config
