// SPDX-License-Identifier: Apache-2.0
// smtp: how often each command came, and how often it was granted.
#include "smtp/tally.h"

#include <algorithm>

#include "base/text.h"

namespace gatepost::smtp {
namespace {

void append_count(std::string& out, std::uint64_t granted, std::uint64_t total) {
  out += format_number(granted);
  if (granted == total) return;
  out.push_back('/');
  out += format_number(total);
}

}  // namespace

Tally::Row& Tally::row(Verb verb) {
  const auto found =
      std::find_if(rows_.begin(), rows_.end(), [verb](const Row& one) { return one.verb == verb; });
  if (found != rows_.end()) return *found;
  return rows_.emplace_back(Row{verb});
}

std::string Tally::text() const {
  std::string out;
  std::uint64_t granted = 0;
  std::uint64_t total = 0;
  for (const VerbRow& row : verbs()) {
    const auto found = std::find_if(rows_.begin(), rows_.end(),
                                    [&row](const Row& one) { return one.verb == row.verb; });
    if (found == rows_.end()) continue;
    const Row& count = *found;
    granted += count.granted;
    total += count.total;
    out += lower(row.name);
    out.push_back('=');
    append_count(out, count.granted, count.total);
    out.push_back(' ');
  }
  out += "commands=";
  append_count(out, granted, total);
  // Postfix writes both numbers when nothing came at all.
  if (total == 0) out += "/0";
  return out;
}

}  // namespace gatepost::smtp
