// SPDX-License-Identifier: Apache-2.0
// policy: whether a user may log in to send, besides having the right password.
#include "policy/login_right.h"

#include "base/text.h"

namespace gatepost::policy {
namespace {

constexpr std::string_view kAllowNets = "allow_nets";
constexpr std::string_view kLocal = "local";

bool lets_in(std::string_view value, const IpAddress& client) {
  bool in = false;
  for (const std::string_view word : split(value, ",")) {
    if (word == kLocal) continue;
    const auto network = Network::parse(word);
    if (!network) return false;
    in = in || network->contains(client);
  }
  return in;
}

}  // namespace

std::string_view find_login_bar(const User& user, const IpAddress& client) {
  const UserMode mode = user_mode(user);
  if (mode != UserMode::Normal && mode != UserMode::SendOnly) {
    return "the user's mode does not let it send";
  }
  const auto networks = user.extra_field(kAllowNets);
  if (networks && !lets_in(*networks, client)) return "not from this network (allow_nets)";
  return {};
}

std::optional<std::string> find_allow_nets_fault(const User& user) {
  const auto value = user.extra_field(kAllowNets);
  if (!value) return std::nullopt;
  const auto words = split(*value, ",");
  if (words.empty()) return "allow_nets is empty: expected networks";
  for (const std::string_view word : words) {
    if (word == kLocal || Network::parse(word)) continue;
    return "allow_nets " + printable(word, 100) + ": expected networks such as 192.0.2.0/24";
  }
  return std::nullopt;
}

}  // namespace gatepost::policy
