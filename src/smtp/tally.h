// SPDX-License-Identifier: Apache-2.0
// smtp: how often each command came, and how often it was granted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "smtp/verbs.h"

namespace gatepost::smtp {

/// The counts behind "ehlo=1 mail=1 rcpt=0/1 commands=2/3".
class Tally {
 public:
  void came(Verb verb) { ++row(verb).total; }
  void granted(Verb verb) { ++row(verb).granted; }

  /// In Postfix's grammar: lower case, one number when all were granted, else granted/total;
  /// verbs that did not come are left out.
  [[nodiscard]] std::string text() const;

 private:
  struct Row {
    Verb verb{};
    std::uint32_t granted = 0;
    std::uint32_t total = 0;
  };
  Row& row(Verb verb);

  std::vector<Row> rows_;  ///< Of those that came: most clients know few.
};

}  // namespace gatepost::smtp
