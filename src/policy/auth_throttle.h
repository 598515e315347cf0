// SPDX-License-Identifier: Apache-2.0
// policy: failed logins make more failed logins slow, and then pointless.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/time.h"

namespace gatepost::policy {

/// Counts failures by client network and by user name, known or not. A score fills by one with
/// each failure and empties at the rate of `limit` in `time`. Only failures count, so that many who
/// log in at once are not taken for guessers; who asks is_open() just before a password or proof is
/// looked at, and lets those of a network wait for each other, sees no failure too late.
///
/// Who guesses is refused, and nobody else suffers more than needs be:
/// - Who logged in from the same network lately is judged by the failures of that user there alone:
///   those who guess at the name from elsewhere do not lock them out, nor does another device of
///   their network.
/// - A network that has not failed within `time` has one try for a user whom the failures of others
///   have locked, so that an attack on a name does not keep its user from a new place. Many
///   networks get as many guesses by it, one each in `time`.
/// The same holds for names that are nobody's.
class AuthThrottle {
 public:
  struct Settings {
    std::uint32_t client_limit = 20;  ///< 0: none
    std::uint32_t user_limit = 100;   ///< 0: none
    Duration time{600'000};
  };
  /// Rows of each kind kept at most; then those that matter least go.
  static constexpr std::size_t kMostRows = 8192;
  /// How long a good login vouches for its network.
  static constexpr Duration kVouch{std::chrono::hours(24 * 14)};
  /// The longest a failure's reply waits.
  static constexpr Duration kMostDelay{8'000};

  struct Attempt {
    IpAddress client;       ///< network_of() the client.
    std::string_view user;  ///< One name for all spellings (LoginName::name); any case.
    bool exempt = false;    ///< The network is not counted; the user is.
  };

  void configure(const Settings& settings) { settings_ = settings; }

  /// What one party has of the address space at least, however fine connections are counted: an
  /// address of IPv4, a /64 of IPv6 (RFC 6177).
  [[nodiscard]] static IpAddress network_of(const IpAddress& client);

  /// False: refuse without a look at the password.
  [[nodiscard]] bool is_open(const Attempt& attempt, Instant now) const;
  /// The password was right.
  void succeeded(const Attempt& attempt, Instant now);
  /// It was wrong, or the client went away when the server had done its part.
  void failed(const Attempt& attempt, Instant now);
  /// The user has logged in from this network within kVouch.
  [[nodiscard]] bool is_vouched(const Attempt& attempt, Instant now) const;
  /// How long the reply to a failure waits: more with each failure of the network.
  [[nodiscard]] Duration delay(const Attempt& attempt, Instant now) const;

 private:
  // In thousandths of a failure.
  struct Score {
    std::uint64_t level = 0;
    Instant at{};
  };
  using Scores = std::map<std::string, Score, std::less<>>;

  [[nodiscard]] std::uint64_t level(const Scores& scores,
                                    std::string_view key,
                                    std::uint32_t limit,
                                    Instant now) const;
  [[nodiscard]] bool full(const Scores& scores,
                          std::string_view key,
                          std::uint32_t limit,
                          Instant now) const;
  [[nodiscard]] std::uint32_t pair_limit(const Attempt& attempt) const;
  void charge(Scores& scores, std::string_view key, std::uint32_t limit, Instant now);
  void make_room(Scores& scores, std::uint32_t limit, Instant now) const;

  Settings settings_;
  Scores clients_;
  Scores users_;
  Scores pairs_;   // "network user": failures of those who were vouched for.
  Scores failed_;  // Networks, exempt ones too: full for the time after a failure.
  std::map<std::string, Instant, std::less<>> good_;  // "network user": when
};

}  // namespace gatepost::policy
