// SPDX-License-Identifier: Apache-2.0
// dns: from an answer as it came to what was asked for.
#pragma once

#include <ares.h>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/dns.h"
#include "base/literal.h"

namespace gatepost::dns {

/// What is more than this of one answer is left out, or Failed where a part would mislead.
inline constexpr std::size_t kMostRecords = 512;
inline constexpr std::size_t kMostAddresses = 64;
inline constexpr std::size_t kMostNames = 64;
inline constexpr std::size_t kMostExchanges = 32;
inline constexpr std::size_t kMostText = 16UL * 1024;
inline constexpr int kMostAliases = 16;

/// How long answers count at most, and at least, whatever they say.
inline constexpr Duration kLeastTtl = std::chrono::seconds(1);
inline constexpr Duration kMostTtl = std::chrono::hours(24);
inline constexpr Duration kMostNegativeTtl = std::chrono::hours(1);

[[nodiscard]] ares_dns_rec_type_t record_type(DnsType type);
/// `ours`: as DnsAnswer has it.
[[nodiscard]] DnsAnswer failed_answer(Literal fault, bool ours = false);

/// `name` is as parse_name() gives it. Aliases (CNAME) are followed as far as they stand in the answer;
/// what belongs to other names counts for nothing.
[[nodiscard]] DnsAnswer read_answer(const ares_dns_record_t& record,
                                    std::string_view name,
                                    DnsType type);
/// The same from the octets.
[[nodiscard]] DnsAnswer parse_answer(std::span<const std::uint8_t> octets,
                                     std::string_view name,
                                     DnsType type);

}  // namespace gatepost::dns
