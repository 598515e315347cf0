// SPDX-License-Identifier: Apache-2.0
// tables: one compiled pattern of PCRE2, with bounds on what a match may cost.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "tables/rules.h"

#ifndef PCRE2_CODE_UNIT_WIDTH
#define PCRE2_CODE_UNIT_WIDTH 8
#endif
#include <pcre2.h>

namespace gatepost::tables {

inline constexpr std::size_t kMostPattern = std::size_t{16} * 1024;  ///< Octets.

/// `flags` are PCRE2's compile options; errors show the pattern as `written`. Any key may hold any
/// octet; one that costs too much to match is a Temporary error.
[[nodiscard]] Result<std::unique_ptr<Matcher>> compile_pcre(std::string_view pattern,
                                                            std::uint32_t flags,
                                                            std::string_view written);

}  // namespace gatepost::tables
