// SPDX-License-Identifier: Apache-2.0
// cli: colours for a terminal.
#include "cli/colors.h"

#include "base/format.h"

namespace gatepost::cli {

namespace {

constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kPlain = "\x1b[0m";

}  // namespace

std::string color_status(std::string_view text) {
  std::string out;
  constexpr std::string_view kRunning = " is running ";
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const bool bad = line.starts_with('!') || line.ends_with("HAS EXPIRED");
    if (first) {
      const bool running = line.find(kRunning) != std::string_view::npos;
      append_format(out, "{}{}{}\n", running ? kGreen : kYellow, line, kPlain);
    } else if (bad) {
      append_format(out, "{}{}{}\n", kRed, line, kPlain);
    } else {
      append_format(out, "{}\n", line);
    }
    first = false;
  }
  return out;
}

}  // namespace gatepost::cli
