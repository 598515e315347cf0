// SPDX-License-Identifier: Apache-2.0
// bans: what each offence weighs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gatepost::bans {

enum class Offence : std::uint8_t {
#define GP_OFFENCE(enumerator, name, text) enumerator,
#include "bans/offences.def"
#undef GP_OFFENCE
};

struct OffenceRow {
  Offence offence;
  std::string_view name;
  std::string_view text;
};
[[nodiscard]] std::span<const OffenceRow> offences();
inline constexpr std::size_t kOffences = 7;

/// In hundredths, so that half a point is a number.
using Weight = std::uint32_t;
inline constexpr Weight kOne = 100;

/// ban_rules
struct Rules {
  std::array<Weight, kOffences> weights{};  ///< 0: it does not count.
  bool operator==(const Rules&) const = default;

  [[nodiscard]] Weight of(Offence offence) const {
    return weights[static_cast<std::size_t>(offence)];
  }
  /// NAME=WEIGHT ..., with commas or blanks between; a weight is 0 to 100 with two decimals at most.
  /// What is not named does not count.
  [[nodiscard]] static Result<Rules> parse(std::string_view text);
};

/// "5", "0.5", "0.25"
[[nodiscard]] std::string format_weight(Weight weight);

}  // namespace gatepost::bans
