// SPDX-License-Identifier: Apache-2.0
// bans: bans as the packet filter of Linux reads them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "bans/ledger.h"
#include "base/result.h"
#include "base/stamp.h"

namespace gatepost::bans {

/// ban_firewall: "nft:inet filter gatepost_ban"
struct Firewall {
  std::string family, table, set;
  bool operator==(const Firewall&) const = default;

  [[nodiscard]] bool is_set() const { return !set.empty(); }
  /// Empty, or nft:FAMILY TABLE SET with the names nft(8) has.
  [[nodiscard]] static Result<Firewall> parse(std::string_view text);
  /// What a script of format_nft() is for, by its beginning; not set when it is none.
  [[nodiscard]] static Firewall of_script(std::string_view script);
};

/// A script for nft -f that makes the table and both sets where they are missing, and puts the bans
/// in place of what they hold, each for the time that is left of it. A ban inside of a wider one is
/// left out while that is in force.
[[nodiscard]] std::string format_nft(const Firewall& firewall,
                                     std::span<const Ban> bans,
                                     Stamp now);

}  // namespace gatepost::bans
