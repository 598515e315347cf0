// SPDX-License-Identifier: Apache-2.0
// tables: entries of lists such as mydestination and mynetworks, before their tables are opened.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "tables/spec.h"

namespace gatepost::tables {

/// One entry: a word to compare with, a block of addresses, or a table; `!` in front negates.
/// Files named by `/path` are already replaced by what is in them.
struct Pattern {
  bool negated = false;
  std::variant<std::string, Network, Spec> what;  ///< A word is in lower case.

  [[nodiscard]] std::string text() const;
};

/// The first pattern that matches decides.
using Patterns = std::vector<Pattern>;

/// An entry of a list of domains: `example.com`, `.example.com`, `type:table`.
[[nodiscard]] Result<Pattern> parse_domain_pattern(std::string_view text);
/// A block of addresses alone; the error says what was expected or probably meant.
[[nodiscard]] Result<Network> parse_network(std::string_view text);
/// An entry of a list of clients: `192.0.2.0/24`, `[2001:db8::]/32`, `type:table`. Host names
/// are refused: there is nothing yet to look them up with.
[[nodiscard]] Result<Pattern> parse_address_pattern(std::string_view text);

}  // namespace gatepost::tables
