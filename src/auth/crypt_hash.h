// SPDX-License-Identifier: Apache-2.0
// auth: crypt(3) hashes, for passwords hashed by other programs.
#pragma once

#include <string_view>

namespace gatepost::auth {

/// Why a hash cannot be used, or null: `$5$` and `$6$` (SHA-crypt) and `$2a$ $2b$ $2y$` (bcrypt)
/// are known. So is one that is no hash but a lock (`*`, `!`, `x`): no password fits it. A hash
/// that would take more than about ten seconds of work is refused: a file must not stall us.
[[nodiscard]] const char* find_crypt_fault(std::string_view hash);

/// How much of a usable `hash` decides the work, the salt not counted: "$6$rounds=5000$", "$2y$10$".
[[nodiscard]] std::string_view crypt_cost(std::string_view hash);

/// Whether `password` has this hash. Takes as long as the hash says; may be called on any thread.
[[nodiscard]] bool crypt_fits(std::string_view password, std::string_view hash);

}  // namespace gatepost::auth
