// SPDX-License-Identifier: Apache-2.0
// dns: names as they are asked for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatepost::dns {

/// In lower case, without its last dot. Nothing when `name` cannot be one: empty, a label that is empty
/// or longer than 63 octets, more than 253 octets in all (RFC 1035 section 2.3.4).
[[nodiscard]] std::optional<std::string> parse_name(std::string_view name);

/// The master file's spelling (RFC 1035 section 5.1): octets that mean something there as \DDD.
[[nodiscard]] std::string format_escaped(std::string_view name);

/// The other way round, in lower case. Nothing when a label holds a dot, which text cannot tell from
/// one between labels, or when it is no such spelling.
[[nodiscard]] std::optional<std::string> parse_escaped(std::string_view text);

/// It may stand in a log line or a header as it is: printable ASCII without space.
[[nodiscard]] bool is_plain(std::string_view name);

}  // namespace gatepost::dns
