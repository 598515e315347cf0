// SPDX-License-Identifier: Apache-2.0
// cli: the options all commands share, read by getopt_long(3).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gatepost::cli {

using Arguments = std::span<const std::string_view>;

inline constexpr std::string_view kDefaultConfiguration = "/etc/gatepost/gatepost.conf";

/// sysexits(3)
namespace exits {
inline constexpr int kOk = 0;
inline constexpr int kUsage = 64;
inline constexpr int kDataError = 65;
inline constexpr int kNoUser = 67;
inline constexpr int kUnavailable = 69;
inline constexpr int kSystem = 71;
inline constexpr int kCantCreate = 73;
inline constexpr int kInputOutput = 74;
inline constexpr int kTemporary = 75;
inline constexpr int kNotPermitted = 77;
inline constexpr int kConfig = 78;
}  // namespace exits

struct Options {
  std::string configuration{kDefaultConfiguration};  ///< -c FILE
  std::string socket;                                ///< --socket PATH; empty: as configured.
  bool json = false;                                 ///< --json, -j
  bool color = true;                                 ///< Not --no-color.
  bool help = false;                                 ///< --help, -h
  std::vector<std::string> words;                    ///< What is not an option.
};

/// Reads -c FILE, --config FILE, --socket PATH, --json, -j, --no-color, -h, --help; options and words may
/// be mixed, `--` ends the options. The error is one line for the user.
[[nodiscard]] Result<Options> parse_options(Arguments arguments);

}  // namespace gatepost::cli
