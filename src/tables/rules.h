// SPDX-License-Identifier: Apache-2.0
// tables: cidr:, regexp: and pcre: tables: rules in the order of the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "tables/table.h"

namespace gatepost::tables {

/// What a lookup is about, prepared once for all rules.
struct Subject {
  std::string_view key;
  std::optional<IpAddress> address;  ///< Of cidr: only.
};

/// Where in the key the pattern's groups matched; [0] is the whole match. Views borrow from the key.
using Groups = std::vector<std::string_view>;

/// The left side of one rule.
class Matcher {
 public:
  virtual ~Matcher() = default;
  /// Fills `groups` (when not null) after a match.
  [[nodiscard]] virtual Result<bool> matches(const Subject& subject, Groups* groups) const = 0;
  /// How many groups a result may refer to.
  [[nodiscard]] virtual std::size_t groups() const { return 0; }
};

/// Reads the left side of a rule off the front of `line`, without a leading `!`.
using MatcherParser = Result<std::unique_ptr<Matcher>> (*)(std::string_view& line);

[[nodiscard]] Result<std::unique_ptr<Matcher>> parse_cidr(std::string_view& line);
[[nodiscard]] Result<std::unique_ptr<Matcher>> parse_regexp(std::string_view& line);
[[nodiscard]] Result<std::unique_ptr<Matcher>> parse_pcre(std::string_view& line);

/// Rules `pattern result`, `!pattern result`, and `if pattern` ... `endif` around others. `line`
/// by line from a file; from braces when `argument` holds `{{rule}, {rule}}`.
[[nodiscard]] Built build_rules(const Spec& spec, std::string_view text);

}  // namespace gatepost::tables
