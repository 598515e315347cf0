// SPDX-License-Identifier: Apache-2.0
// tests: the client's side of SCRAM-SHA-256 (RFC 5802), as little of it as a test needs.
#pragma once

#include <string>
#include <string_view>

#include "auth/digest.h"
#include "base/base64.h"

namespace gatepost::tests {

class ScramClient {
 public:
  ScramClient(std::string user, std::string password, std::string header = "n,,")
      : user_(std::move(user)), password_(std::move(password)), header_(std::move(header)) {}

  std::string first() {
    bare_ = "n=" + user_ + ",r=" + nonce_;
    return header_ + bare_;
  }
  /// client-final-message for the server's first one.
  std::string final(std::string_view server_first) {
    const auto field = [server_first](std::string_view name) {
      const std::size_t at = server_first.find(name) + name.size();
      return server_first.substr(at, server_first.find(',', at) - at);
    };
    const std::string salt = decode_base64(field(",s=")).value();
    const auto iterations = static_cast<unsigned>(std::stoul(std::string(field(",i="))));
    const std::string salted = auth::stretch(auth::Hash::Sha256, password_, salt, iterations);
    const std::string key = auth::keyed_digest(auth::Hash::Sha256, salted, "Client Key");
    const std::string without =
        "c=" + encode_base64(header_ + binding) + ",r=" + std::string(field("r="));
    const std::string all = bare_ + "," + std::string(server_first) + "," + without;
    std::string proof =
        auth::keyed_digest(auth::Hash::Sha256, auth::digest(auth::Hash::Sha256, key), all);
    for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ key[i]);
    server_ = "v=" + encode_base64(auth::keyed_digest(
                         auth::Hash::Sha256,
                         auth::keyed_digest(auth::Hash::Sha256, salted, "Server Key"), all));
    return without + ",p=" + encode_base64(proof);
  }
  /// What the server has to say last.
  [[nodiscard]] const std::string& server() const { return server_; }

  std::string binding;  ///< Octets behind the header in c=.

 private:
  std::string user_;
  std::string password_;
  std::string header_;
  std::string nonce_ = "rOprNGfwEbeRWgbNEkqO";
  std::string bare_;
  std::string server_;
};

}  // namespace gatepost::tests
