// SPDX-License-Identifier: Apache-2.0
// auth: what a passwd-file keeps of a password.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "auth/digest.h"
#include "base/result.h"
#include "base/secret.h"

namespace gatepost::auth {

/// Passwords and names longer than this are refused before any work (octets).
inline constexpr std::size_t kMostPassword = 1024;

/// Iterations of the secrets we make, Dovecot's default too, and the bounds of those we use.
inline constexpr unsigned kIterations = 4096;
inline constexpr unsigned kFewestIterations = 4096;
inline constexpr unsigned kMostIterations = 1'000'000;

/// How a password was stored.
enum class Scheme : std::uint8_t {
  Scram,   ///< {SCRAM-SHA-256}, {SCRAM-SHA-1}: iterations, salt, StoredKey, ServerKey
  Crypt,   ///< A crypt(3) hash in `text`; {CRYPT}, {SHA512-CRYPT}, {SHA256-CRYPT}, {BLF-CRYPT}
  Digest,  ///< {SSHA512} and its kin: the digest in `stored_key`, `salt` behind the password
  Plain,   ///< {PLAIN}: the password itself in `text`
};

/// Moves only. What a scheme has no use for is empty.
struct StoredSecret {
  Scheme scheme = Scheme::Plain;
  Hash hash = Hash::Sha256;  ///< Of Scram and Digest.
  unsigned iterations = 0;
  std::string salt = {};        ///< Raw octets, as are the keys.
  std::string stored_key = {};  ///< RFC 5802 section 3
  std::string server_key = {};
  Secret text = {};
  bool decoy = false;  ///< Of nobody: all is done with it as with others, and then it does not fit.
};

/// Reads Dovecot's form: {SCHEME}data, {SCHEME.b64}data, {SCHEME.hex}data, or a bare crypt(3) hash.
/// Scheme names in any case. The error is a sentence for the owner of the file and holds nothing
/// of the secret.
[[nodiscard]] Result<StoredSecret> parse_secret(std::string_view text);

/// "{SCRAM-SHA-256}4096,salt,StoredKey,ServerKey" for a password; `salt` is 16 random octets or
/// more. Takes milliseconds.
[[nodiscard]] Secret make_scram_secret(std::string_view password,
                                       std::string_view salt,
                                       unsigned iterations = kIterations);

/// Whether `password` is the one that was stored. Takes what the scheme costs, right or wrong:
/// for a clerk thread. Always false, after the same work, for a decoy.
[[nodiscard]] bool check_password(const StoredSecret& secret, std::string_view password);

/// Why nobody should have this password, or null: empty, too long, no UTF-8 (RFC 8265 section 4.2
/// asks for it; nothing is normalized), or control characters, which keyboards of other devices
/// lack.
[[nodiscard]] const char* find_password_fault(std::string_view password);

}  // namespace gatepost::auth
