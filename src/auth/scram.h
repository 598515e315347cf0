// SPDX-License-Identifier: Apache-2.0
// auth: the messages of SCRAM (RFC 5802 section 7), read and checked.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/digest.h"

namespace gatepost::auth {

struct ScramKeys {
  std::string stored;  ///< H(HMAC(SaltedPassword, "Client Key"))
  std::string server;  ///< HMAC(SaltedPassword, "Server Key")
};

/// RFC 5802 section 3. Milliseconds.
[[nodiscard]] ScramKeys derive_keys(Hash hash,
                                    std::string_view password,
                                    std::string_view salt,
                                    unsigned iterations);

/// client-first-message
struct ClientFirst {
  char binding = 'n';        ///< 'n': no binding, 'y': could, but the server does not offer it, 'p'
  std::string binding_name;  ///< Of 'p': "tls-exporter"
  std::string gs2_header;    ///< As it came, with its last comma.
  std::string bare;          ///< client-first-message-bare, as it came.
  std::string authorization;  ///< authzid, decoded; empty without.
  std::string user;           ///< Decoded.
  std::string nonce;
};
[[nodiscard]] std::optional<ClientFirst> parse_client_first(std::string_view message);

/// client-final-message
struct ClientFinal {
  std::string binding;  ///< c=, decoded.
  std::string nonce;
  std::string proof;          ///< p=, decoded.
  std::string without_proof;  ///< client-final-message-without-proof, as it came.
};
[[nodiscard]] std::optional<ClientFinal> parse_client_final(std::string_view message);

/// Whether `proof` was made by one who knows the password behind `stored_key`.
[[nodiscard]] bool proof_fits(Hash hash,
                              std::string_view stored_key,
                              std::string_view auth_message,
                              std::string_view proof);

}  // namespace gatepost::auth
