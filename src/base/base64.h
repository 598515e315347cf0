// SPDX-License-Identifier: Apache-2.0
// base: base64 (RFC 4648 section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatepost {

[[nodiscard]] std::string encode_base64(std::string_view octets);

/// Nothing when `text` is not what encode_base64() makes of some octets: padding is demanded,
/// white space and line ends are refused, and so are bits that are not zero in the last digit
/// (RFC 4648 sections 3.1 to 3.5), so that no two texts mean the same.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace gatepost
