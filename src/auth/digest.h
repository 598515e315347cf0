// SPDX-License-Identifier: Apache-2.0
// auth: hashes, their keyed forms, and a comparison that takes the same time wherever texts differ.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::auth {

enum class Hash : std::uint8_t { Md5, Sha1, Sha256, Sha512 };

[[nodiscard]] std::size_t size_of(Hash hash);
/// Raw octets.
[[nodiscard]] std::string digest(Hash hash, std::string_view text);
/// HMAC (RFC 2104).
[[nodiscard]] std::string keyed_digest(Hash hash, std::string_view key, std::string_view text);
/// Hi() of RFC 5802 section 2.2: PBKDF2 with HMAC, one block long. Takes about a millisecond for
/// 2000 iterations.
[[nodiscard]] std::string stretch(Hash hash,
                                  std::string_view password,
                                  std::string_view salt,
                                  unsigned iterations);

/// Whether both are the same; the time taken tells their sizes only.
[[nodiscard]] bool same_octets(std::string_view a, std::string_view b);

}  // namespace gatepost::auth
