// SPDX-License-Identifier: Apache-2.0
// tests: no value of postscreen_dnsbl_sites hurts: it is refused with a reason, or has sound lists.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "fuzz/input.h"
#include "screen/score.h"
#include "screen/sites.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatepost;
  using fuzz::must;
  if (size > 8192) return 0;
  const std::string text = fuzz::copy({reinterpret_cast<const char*>(data), size});
  const std::vector<std::string_view> views = split(text, ", \t\r\n");
  const std::vector<std::string> words(views.begin(), views.end());
  const auto sites = screen::parse_sites(words);
  if (!sites) {
    must(!sites.error().detail.empty() && is_ascii(sites.error().detail));
    return 0;
  }
  must(sites->size() <= screen::Sites::kMostZones);
  const std::vector<IpAddress> addresses{IpAddress::v4({127, 0, 0, 2}),
                                         IpAddress::v4({127, 0, 1, 9})};
  const screen::ListAnswer answer{screen::ListAnswer::Kind::Listed, addresses, Duration(5000), {}};
  std::vector<screen::Finding> findings;
  std::int64_t total = 0;
  for (const auto& zone : sites->zones()) {
    must(!zone.name.empty() && zone.name.size() + 64 <= 253 && lower(zone.name) == zone.name);
    must(sites->find(zone.name) == findings.size());
    findings.push_back(screen::find_weight(zone, answer));
    must(findings.back().weight <= zone.positive() && findings.back().weight >= zone.negative());
    total += findings.back().weight;
  }
  const screen::Score score = screen::add_up(*sites, findings, ~screen::ZoneSet{0});
  must(score.total == total);
  must(score.all_weight == score.heard_weight);
  must((score.named == screen::Sites::kMostZones) == (score.matched == 0));
  return 0;
}
