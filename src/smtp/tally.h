// SPDX-License-Identifier: Apache-2.0
// smtp: how often each command came, and how often it was granted.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "smtp/verbs.h"

namespace gatepost::smtp {

/// The counts behind "ehlo=1 mail=1 rcpt=0/1 commands=2/3".
class Tally {
 public:
  void came(Verb verb) { ++rows_[static_cast<std::size_t>(verb)].total; }
  void granted(Verb verb) { ++rows_[static_cast<std::size_t>(verb)].granted; }

  /// In Postfix's grammar: lower case, one number when all were granted, else granted/total;
  /// verbs that did not come are left out.
  [[nodiscard]] std::string text() const;

 private:
  struct Row {
    std::uint32_t granted = 0;
    std::uint32_t total = 0;
  };
  std::array<Row, kVerbs> rows_{};
};

}  // namespace gatepost::smtp
