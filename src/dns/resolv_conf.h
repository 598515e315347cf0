// SPDX-License-Identifier: Apache-2.0
// dns: the servers that resolv.conf(5) names.
#pragma once

#include <string>
#include <string_view>

namespace gatepost::dns {

/// The addresses of its nameserver lines, separated by commas, with the zone of those that have one
/// (fe80::1%eth0); three at most, as in the C library. Empty when there is none. All else in the file
/// is about names without a dot, or the C library's own manners.
[[nodiscard]] std::string read_resolv_conf(std::string_view text);

}  // namespace gatepost::dns
