// SPDX-License-Identifier: Apache-2.0
// bans: bans as the packet filter of Linux reads them.
#include "bans/firewall.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace gatepost::bans {
namespace {

constexpr std::string_view kPrefix = "nft:";
constexpr std::array<std::string_view, 5> kFamilies{"inet", "ip", "ip6", "bridge", "netdev"};
constexpr std::size_t kMostName = 100;

// The file is read by root's nft: nothing but names may get into it.
bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kMostName || is_digit(text.front())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alnum(c) || c == '_' || c == '-'; });
}

void append_set(
    std::string& out, const Firewall& firewall, bool is_v4, std::span<const Ban> bans, Stamp now) {
  std::string place = firewall.family + " " + firewall.table + " " + firewall.set;
  if (!is_v4) place += "_6";
  out += "add set " + place + " { type ";
  out += is_v4 ? "ipv4_addr" : "ipv6_addr";
  out += "; flags interval, timeout; auto-merge; }\nflush set " + place + "\n";
  std::string elements;
  for (const Ban& ban : bans) {
    if (ban.network.address.is_v4() != is_v4 || !ban.is_in_force(now)) continue;
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

std::string format_nft(const Firewall& firewall, std::span<const Ban> bans, Stamp now) {
  std::string out = "add table " + firewall.family + " " + firewall.table + "\n";
  append_set(out, firewall, true, bans, now);
  append_set(out, firewall, false, bans, now);
  return out;
}

}  // namespace gatepost::bans
