// SPDX-License-Identifier: Apache-2.0
// auth: the SASL mechanisms we speak, one row each.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gatepost::auth {

enum class MechanismId : std::uint8_t { ScramPlus, Scram, Plain, Login, CramMd5 };

/// What of a user a mechanism works with.
enum class Use : std::uint8_t {
  Password,  ///< The peer sends the password; any stored secret will do.
  Scram,     ///< StoredKey and ServerKey with SHA-256; a {PLAIN} secret gives them too.
  Shared,    ///< The password itself, {PLAIN}.
};

struct Mechanism {
  MechanismId id;
  std::string_view name;  ///< As the IANA registry spells it.
  Use use;
  bool usual;      ///< Offered unless the owner says otherwise.
  bool plaintext;  ///< Sends the password: under TLS only (RFC 4954 section 9).
  bool binds;      ///< Needs channel bindings, and so TLS.
};

/// In the order in which they are offered, the best first.
[[nodiscard]] std::span<const Mechanism> mechanisms();

/// By name, in any case (RFC 4422 section 3.1 has upper case only; peers do not all); or null.
[[nodiscard]] const Mechanism* find_mechanism(std::string_view name);

}  // namespace gatepost::auth
