// SPDX-License-Identifier: Apache-2.0
// config: what is said about a configuration: mistakes, and words worth reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::config {

enum class Severity : std::uint8_t {
  Error,    ///< The configuration is not used.
  Warning,  ///< It is used, and probably not what was meant.
  Note,     ///< It is used.
};

struct Finding {
  Severity severity = Severity::Error;
  std::string file;
  std::size_t line = 0;  ///< 0: the file as a whole.
  std::string text;

  /// "gatepost.conf:12: unknown parameter ..."; "warning: " or "note: " follows the place.
  [[nodiscard]] std::string line_text() const;
  bool operator==(const Finding&) const = default;
};

/// In the order found; the same one twice is kept once.
class Findings {
 public:
  void add(Finding finding);
  [[nodiscard]] const std::vector<Finding>& all() const { return all_; }
  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  /// By line.
  void sort();

 private:
  std::vector<Finding> all_;
  std::size_t errors_ = 0;
};

/// `; did you mean "smtpd_banner"?`, or nothing when no candidate is near.
[[nodiscard]] std::string suggest(std::string_view written,
                                  const std::vector<std::string_view>& candidates);

}  // namespace gatepost::config
