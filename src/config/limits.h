// SPDX-License-Identifier: Apache-2.0
// config: what a row of keys.def asks of its value besides the kind.
#pragma once

#include <cstdint>

#include "base/literal.h"

namespace gatepost::config {

struct Limits {
  enum class Check : std::uint8_t { None, Between, OneOf, NotEmpty, Address, MemoryLimit };
  Check check = Check::None;
  Literal low;  ///< Between, in the kind's own form: "1s". OneOf: the words.
  Literal high;
};

/// The words keys.def uses, spelled as its other columns are.
namespace limit {
// NOLINTBEGIN(readability-identifier-naming)
inline constexpr Limits None{};
inline constexpr Limits NotEmpty{Limits::Check::NotEmpty, {}, {}};
/// user@domain, user, or nothing.
inline constexpr Limits Address{Limits::Check::Address, {}, {}};
/// 0, or what the program can start with.
inline constexpr Limits MemoryLimit{Limits::Check::MemoryLimit, {}, {}};
constexpr Limits Between(Literal low, Literal high) {
  return {Limits::Check::Between, low, high};
}
constexpr Limits OneOf(Literal words) {
  return {Limits::Check::OneOf, words, {}};
}
// NOLINTEND(readability-identifier-naming)
}  // namespace limit

}  // namespace gatepost::config
