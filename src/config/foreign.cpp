// SPDX-License-Identifier: Apache-2.0
// config: parameters of Postfix that are no settings here, and what is said about them.
#include "config/foreign.h"

#include <string>

#include "base/text.h"

namespace gatepost::config {

namespace {

constexpr Foreign kForeign[] = {
#define GP_UNUSED(name, why) {name, {}, why, false},
#define GP_RENAMED(name, now)
#define GP_NOT_YET(name, off, what) {name, off, what, true},
#include "config/foreign.def"
};

constexpr Renamed kRenamed[] = {
#define GP_UNUSED(name, why)
#define GP_RENAMED(name, now) {name, now},
#define GP_NOT_YET(name, off, what)
#include "config/foreign.def"
};

/// Patterns hold two stars at most, so that trying every place is quick.
bool fits(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos) return pattern == name;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  name.remove_prefix(star);
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (fits(rest, name.substr(i))) return true;
  }
  return false;
}

std::string joined(std::string_view value) {
  std::string out;
  for (const std::string_view word : split(value, ", \t\r\n")) {
    out += (out.empty() ? "" : ",") + std::string(word);
  }
  return out;
}

}  // namespace

std::span<const Renamed> renamed() {
  return kRenamed;
}

const Foreign* find_foreign(std::string_view name) {
  for (const Foreign& row : kForeign) {
    if (fits(row.pattern, name)) return &row;
  }
  return nullptr;
}

bool is_off(const Foreign& row, std::string_view value) {
  const std::string plain = joined(value);
  if (plain.empty()) return true;
  for (const std::string_view off : split(row.off, "|")) {
    if (iequals(off, plain)) return true;
  }
  return false;
}

}  // namespace gatepost::config
