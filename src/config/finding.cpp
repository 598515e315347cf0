// SPDX-License-Identifier: Apache-2.0
// config: what is said about a configuration: mistakes, and words worth reading.
#include "config/finding.h"

#include <algorithm>
#include <utility>

#include "base/format.h"
#include "base/text.h"

namespace gatepost::config {

std::string Finding::line_text() const {
  std::string out = file;
  if (line > 0) append_format(out, ":{}", line);
  constexpr std::string_view kWords[] = {"", "warning: ", "note: "};
  append_format(out, ": {}{}", kWords[static_cast<std::size_t>(severity)], text);
  return out;
}

void Findings::add(Finding finding) {
  if (std::find(all_.begin(), all_.end(), finding) != all_.end()) return;
  if (finding.severity == Severity::Error) ++errors_;
  all_.push_back(std::move(finding));
}

void Findings::sort() {
  std::stable_sort(all_.begin(), all_.end(),
                   [](const Finding& a, const Finding& b) { return a.line < b.line; });
}

std::string suggest(std::string_view written, const std::vector<std::string_view>& candidates) {
  std::string_view nearest;
  // A third of the letters may differ; past that it is another word.
  std::size_t best = std::max<std::size_t>(written.size() / 3, 1) + 1;
  const std::string plain = lower(written);
  for (const std::string_view candidate : candidates) {
    const std::size_t length =
        std::max(plain.size(), candidate.size()) - std::min(plain.size(), candidate.size());
    if (length >= best) continue;
    const std::size_t distance = edit_distance(plain, lower(candidate));
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest.empty() ? "" : format("; did you mean \"{}\"?", nearest);
}

}  // namespace gatepost::config
