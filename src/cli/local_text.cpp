// SPDX-License-Identifier: Apache-2.0
// cli: a message as local programs write it, turned into the form in which it is stored.
#include "cli/local_text.h"

#include <array>

namespace gatepost::cli {
namespace {

constexpr std::string_view kMboxLine = "From ";

}  // namespace

bool LocalText::feed(std::string_view octets, std::string& out) {
  if (octets.find('\0') != octets.npos) has_nul_ = true;
  std::array<char, 16384> room{};
  while (!octets.empty() && !over_) {
    const std::size_t got = ends_.convert(octets, room);
    pass(std::string_view(room.data(), got), out);
  }
  return !over_;
}

void LocalText::finish(std::string& out) {
  if (over_) return;
  std::array<char, 2> room{};
  const std::size_t got = ends_.finish(room);
  pass(std::string_view(room.data(), got), out);
  over_ = true;
}

void LocalText::pass(std::string_view octets, std::string& out) {
  while (!octets.empty() && !over_) {
    if (at_start_) {
      // Held until it is known what the line is.
      held_.push_back(octets.front());
      octets.remove_prefix(1);
      if (dot_ends_ && held_ == ".\n") {
        over_ = true;
        continue;
      }
      const bool dot = dot_ends_ && held_ == ".";
      const bool from = first_ && held_ != kMboxLine && kMboxLine.starts_with(held_);
      if (dot || from) continue;
      skipping_ = first_ && held_ == kMboxLine;
      at_start_ = held_.back() == '\n';
      if (at_start_) first_ = false;
      if (!skipping_) out += held_;
      held_.clear();
      continue;
    }
    const std::size_t end = octets.find('\n');
    const std::size_t line = (end == octets.npos) ? octets.size() : end + 1;
    if (!skipping_) out += octets.substr(0, line);
    octets.remove_prefix(line);
    if (end == std::string_view::npos) break;
    at_start_ = true;
    first_ = false;
    skipping_ = false;
  }
}

}  // namespace gatepost::cli
