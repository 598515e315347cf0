// SPDX-License-Identifier: Apache-2.0
// dns: the servers that resolv.conf(5) names.
#include "dns/resolv_conf.h"

#include <algorithm>

#include "base/address.h"

namespace gatepost::dns {
namespace {

constexpr int kServers = 3;
constexpr std::string_view kBlank = " \t\r";

/// The next word of `line`, taken off its front.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

/// Interfaces have names that c-ares takes apart from what follows.
bool is_zone(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c <= '~' && c != ',' && c != ']'; });
}

}  // namespace

std::string read_resolv_conf(std::string_view text) {
  std::string out;
  int found = 0;
  while (!text.empty() && found < kServers) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (take_word(line) != "nameserver") continue;
    const std::string_view server = take_word(line);
    const std::size_t zone = std::min(server.find('%'), server.size());
    if (!IpAddress::parse(server.substr(0, zone)) || !is_zone(server.substr(zone))) continue;
    if (!out.empty()) out += ',';
    out += server;
    ++found;
  }
  return out;
}

}  // namespace gatepost::dns
