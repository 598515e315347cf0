// SPDX-License-Identifier: Apache-2.0
// bans: bans as the packet filter of Linux reads them.
#include "bans/firewall.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace gatepost::bans {
namespace {

constexpr std::string_view kPrefix = "nft:";
constexpr std::array<std::string_view, 5> kFamilies{"inet", "ip", "ip6", "bridge", "netdev"};
constexpr std::string_view kAddSet = "add set ";
constexpr std::size_t kMostName = 100;

// The file is read by root's nft: nothing but names may get into it.
bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kMostName || is_digit(text.front())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alnum(c) || c == '_' || c == '-'; });
}

void append_set(
    std::string& out, const Firewall& firewall, bool is_v4, std::span<const Ban> bans, Stamp now) {
  // By address, the wider first: one that lies inside another comes after it, and none between them
  // is outside. nft refuses elements that overlap, and with auto-merge would give neighbours one end.
  std::vector<const Ban*> sorted;
  for (const Ban& ban : bans) {
    if (ban.network.address.is_v4() == is_v4 && ban.is_in_force(now)) sorted.push_back(&ban);
  }
  std::sort(sorted.begin(), sorted.end(), [](const Ban* a, const Ban* b) {
    if (a->network.address != b->network.address) return a->network.address < b->network.address;
    return a->network.prefix < b->network.prefix;
  });
  std::string place = firewall.family + " " + firewall.table + " " + firewall.set;
  if (!is_v4) place += "_6";
  out.append(kAddSet).append(place).append(" { type ");
  out += is_v4 ? "ipv4_addr" : "ipv6_addr";
  out += "; flags interval, timeout; }\nflush set " + place + "\n";
  std::string elements;
  const Ban* last = nullptr;
  for (const Ban* each : sorted) {
    const Ban& ban = *each;
    if (last != nullptr && last->network.contains(ban.network.address)) continue;
    last = each;
    elements.append(elements.empty() ? "" : ",\n").append("  ").append(ban.network.text());
    if (ban.until == Ban::kForever) continue;
    elements += " timeout " + format_number(static_cast<std::uint64_t>(ban.until - now)) + "s";
  }
  if (!elements.empty()) out += "add element " + place + " {\n" + elements + "\n}\n";
}

}  // namespace

Result<Firewall> Firewall::parse(std::string_view text) {
  Firewall out;
  if (text.empty()) return out;
  const Error fault{Cause::Permanent,
                    "expected nft:FAMILY TABLE SET, such as nft:inet filter gatepost_ban"};
  if (!text.starts_with(kPrefix)) return fault;
  text.remove_prefix(kPrefix.size());
  for (std::string* part : {&out.family, &out.table, &out.set}) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    const auto end = std::find_if(text.begin(), text.end(), [](char c) { return is_space(c); });
    part->assign(text.begin(), end);
    text.remove_prefix(part->size());
  }
  const bool known = std::find(kFamilies.begin(), kFamilies.end(), out.family) != kFamilies.end();
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  if (!known || !is_name(out.table) || !is_name(out.set) || !text.empty()) return fault;
  return out;
}

Firewall Firewall::of_script(std::string_view script) {
  const std::size_t begin = script.find(kAddSet);
  if (begin == script.npos) return {};
  script.remove_prefix(begin + kAddSet.size());
  std::string place(kPrefix);
  place += script.substr(0, script.find(" {"));
  auto read = parse(place);
  return read ? *std::move(read) : Firewall();
}

std::string format_nft(const Firewall& firewall, std::span<const Ban> bans, Stamp now) {
  std::string out = "add table " + firewall.family + " " + firewall.table + "\n";
  append_set(out, firewall, true, bans, now);
  append_set(out, firewall, false, bans, now);
  return out;
}

}  // namespace gatepost::bans
