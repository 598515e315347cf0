// SPDX-License-Identifier: Apache-2.0
// screen: postscreen_access_list: who is let in untested, and who not.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace gatepost::screen {

enum class Access : std::uint8_t {
  Dunno,   ///< Nothing is said; what comes next may.
  Permit,  ///< Let in.
  Reject,  ///< postscreen_denylist_action
};

/// The words of the list; those that ask something have no result of their own.
struct AccessWord {
  std::string_view word;
  std::optional<Access> result;
};
inline constexpr std::array kAccessWords{
    AccessWord{"permit_mynetworks", std::nullopt},
    AccessWord{"permit_spf_allowlist", std::nullopt},
    AccessWord{"permit", Access::Permit},
    AccessWord{"reject", Access::Reject},
    AccessWord{"dunno", Access::Dunno},
};

/// One of permit, reject and dunno, as a table gives it, in any case.
[[nodiscard]] inline std::optional<Access> parse_access(std::string_view text) {
  for (const AccessWord& row : kAccessWords) {
    if (row.result && iequals(row.word, text)) return row.result;
  }
  return std::nullopt;
}

}  // namespace gatepost::screen
