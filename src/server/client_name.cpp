// SPDX-License-Identifier: Apache-2.0
// server: the name of a client, by DNS.
#include "server/client_name.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::server {
namespace {

constexpr std::size_t kMostNames = 3;

bool is_host_name(std::string_view name) {
  const auto good = [](char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
  };
  return !name.empty() && name.size() <= limits::kDomain &&
         std::all_of(name.begin(), name.end(), good);
}

}  // namespace

Task<ClientName> find_client_name(Dns& dns, IpAddress client) {
  ClientName out;
  const std::string_view zone = client.is_v4() ? ".in-addr.arpa" : ".ip6.arpa";
  std::string question = client.reversed_labels() + std::string(zone);
  const DnsAnswer names = co_await dns.look_up(std::move(question), DnsType::Ptr);
  if (names.kind == DnsAnswer::Kind::Failed) co_return out;
  out.kind = ClientName::Kind::None;
  std::size_t looked_at = 0;
  for (const std::string& name : names.texts) {
    if (!is_host_name(name)) continue;
    if (++looked_at > kMostNames) break;
    if (out.name.empty()) out.name = name;
    if (out.kind == ClientName::Kind::None) out.kind = ClientName::Kind::Unconfirmed;
    const DnsType type = client.is_v4() ? DnsType::A : DnsType::Aaaa;
    const DnsAnswer back = co_await dns.look_up(name, type);
    if (std::find(back.addresses.begin(), back.addresses.end(), client) != back.addresses.end()) {
      out.name = name;
      out.kind = ClientName::Kind::Confirmed;
      co_return out;
    }
    if (back.kind == DnsAnswer::Kind::Failed) out.kind = ClientName::Kind::Unknown;
  }
  co_return out;
}

bool looks_dynamic(std::string_view name, const IpAddress& client) {
  const std::string small = lower(name);
  constexpr std::array<std::string_view, 14> kWords{
      "dyn",  "dhcp",  "dial",        "pool", "ppp",    "dsl",    "cable",
      "cust", "broad", "residential", "home", "client", "mobile", "user"};
  const auto has = [&small](std::string_view word) { return small.find(word) != small.npos; };
  if (std::any_of(kWords.begin(), kWords.end(), has)) return true;
  if (!client.is_v4()) return false;
  // Three of the four numbers of its address are too many for chance.
  std::array<bool, 4> found{};
  for (std::size_t at = 0; at < small.size();) {
    if (!is_digit(small[at])) {
      ++at;
      continue;
    }
    const std::size_t end = std::min(small.find_first_not_of("0123456789", at), small.size());
    const std::string_view number = std::string_view(small).substr(at, end - at);
    for (std::size_t i = 0; i < found.size(); ++i) {
      found[i] = found[i] || number == format_number(client.octets()[i]);
    }
    at = end;
  }
  return std::count(found.begin(), found.end(), true) >= 3;
}

bool is_proven(const ClientName& name, const IpAddress& client, const screen::Score& score) {
  if (name.kind != ClientName::Kind::Confirmed || looks_dynamic(name.name, client)) return false;
  return score.total <= 0 && score.heard_weight > 0 && score.heard_weight == score.all_weight;
}

}  // namespace gatepost::server
