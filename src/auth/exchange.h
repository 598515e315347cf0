// SPDX-License-Identifier: Apache-2.0
// auth: one attempt to log in: responses in, steps out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "auth/mechanisms.h"
#include "auth/scram.h"
#include "auth/stored_secret.h"
#include "base/secret.h"

namespace gatepost::auth {

/// A decoded response longer than this is refused; 12288 octets of base64 (RFC 4954 section 4).
inline constexpr std::size_t kMostResponse = 9216;

/// What an exchange knows of its surroundings.
struct Terms {
  std::string nonce;           ///< 18 random octets or more, fresh for this exchange.
  std::string host;            ///< Our name, for CRAM-MD5's challenge.
  std::string exporter = {};   ///< "tls-exporter" octets; empty where there are none.
  std::string end_point = {};  ///< "tls-server-end-point" octets; empty where there are none.
  bool plus_offered = false;   ///< SCRAM-SHA-256-PLUS was among the mechanisms told.
};

/// Why an exchange failed. Peers learn the class only.
enum class Fault : std::uint8_t {
  Malformed,  ///< The mechanism's own rules were broken: 501 5.5.2.
  Refused,    ///< Wrong password, unknown user, unfit binding: 535 5.7.8.
};

/// The reason of a refusal whose cause only the caller knows, who gave the secret.
inline constexpr std::string_view kNoFit = "wrong password or unknown user";

namespace step {
/// Send these octets, base64 encoded, and give what comes back to next().
struct Challenge {
  std::string octets;
};
/// Find the user, let a clerk run choose_secret(use, ...), and give the result to secret().
struct NeedSecret {
  std::string user;
};
/// Find the user, let a clerk run choose_secret(Use::Password, ...) and check_password(), and give
/// the result to password_checked().
struct CheckPassword {
  std::string user;
  Secret password;
};
/// 235. The peer is this user (as the peer spelled it).
struct Success {
  std::string user;
};
struct Failure {
  Fault fault = Fault::Refused;
  std::string user;         ///< As far as it was told; for the log.
  std::string_view reason;  ///< For the log, never for the peer; lives for ever.
};
}  // namespace step

using Step = std::
    variant<step::Challenge, step::NeedSecret, step::CheckPassword, step::Success, step::Failure>;

/// One object an attempt, used once: after Success or Failure nothing may be called. The octets of
/// names and passwords are used as they are (decision 0016).
class Exchange {
 public:
  /// `mechanism` lives for ever, as the rows of mechanisms() do.
  Exchange(const Mechanism& mechanism, Terms terms);

  /// The first step where the peer sent no initial response.
  [[nodiscard]] Step start();
  /// A response, decoded; called in place of start() with an initial response, which may be empty.
  [[nodiscard]] Step next(std::string_view response);
  /// The answer to NeedSecret.
  [[nodiscard]] Step secret(const StoredSecret& secret);
  /// The answer to CheckPassword.
  [[nodiscard]] Step password_checked(bool fits);

  [[nodiscard]] const Mechanism& mechanism() const { return *mechanism_; }
  /// The name the peer gave; empty before.
  [[nodiscard]] const std::string& user() const { return user_; }

 private:
  enum class State : std::uint8_t { Fresh, User, Password, Checking, Secret, Proof, Last, Over };

  Step fail(Fault fault, std::string_view reason);
  /// Null, or why the name cannot be one.
  const char* take_user(std::string_view name);
  Step read_plain(std::string_view response);
  Step read_login(std::string_view response);
  Step read_cram(std::string_view response);
  Step read_first(std::string_view response);
  Step read_proof(std::string_view response);
  Step check_cram(const StoredSecret& secret);
  const char* find_binding_fault(const ClientFirst& first);

  const Mechanism* mechanism_;
  Terms terms_;
  State state_ = State::Fresh;
  std::string user_;
  std::string binding_;     // SCRAM: gs2 header and channel binding, as c= must repeat them.
  std::string transcript_;  // SCRAM: AuthMessage as far as it has come; CRAM-MD5: the challenge.
  std::string nonce_;       // SCRAM: the client's and ours.
  std::string proof_;       // CRAM-MD5: the digest in hexadecimal.
  std::string stored_key_;
  std::string server_key_;
  bool decoy_ = false;
};

}  // namespace gatepost::auth
