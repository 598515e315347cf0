// SPDX-License-Identifier: Apache-2.0
// auth: secrets for users that do not exist, so that nobody learns who does.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "auth/mechanisms.h"
#include "auth/stored_secret.h"

namespace gatepost::auth {

/// Immutable; may be read on any thread.
///
/// What a stranger sees of an exchange (a salt, an iteration count, the time it takes) depends on
/// how the user's password is stored. A name that is nobody's gets a secret of a kind that users
/// of this file have, each kind as often as among the users; which one, and its salt, follow from
/// the name and a key of ours, so that they stay the same from one attempt to the next.
class Decoys {
 public:
  /// `key`: 32 random octets, best the same after a restart. `secrets`: those of all users, as they
  /// stand in the file; ones that cannot be used do not count.
  [[nodiscard]] static Decoys make(Secret key, const std::vector<std::string_view>& secrets);

  /// A secret of the kind this name would have, for check_password().
  [[nodiscard]] StoredSecret pick(std::string_view name) const;
  /// The same fit for SCRAM-SHA-256. May take milliseconds, as choose_secret() may.
  [[nodiscard]] StoredSecret pick_scram(std::string_view name) const;
  /// Whether this name is one of `part` in `whole`; the same answer each time. For what else about
  /// users shows, and has to show of nobody as often.
  [[nodiscard]] bool draws(std::string_view name, std::size_t part, std::size_t whole) const;
  /// A salt for a user whose stored secret has none; at most 64 octets.
  [[nodiscard]] std::string salt(std::string_view name, std::size_t octets) const;

 private:
  /// What tells the users of a file apart from outside.
  struct Kind {
    Scheme scheme = Scheme::Scram;
    Hash hash = Hash::Sha256;
    unsigned iterations = kIterations;
    std::size_t salt = 16;                          // Octets.
    std::string cost = {};                          // Of crypt(3) hashes.
    auto operator<=>(const Kind&) const = default;  // NOLINT: clang-tidy 14 sees a null in it
  };
  struct Share {
    Kind kind;
    std::size_t users = 0;
  };

  explicit Decoys(Secret key) : key_(std::move(key)) {}
  [[nodiscard]] std::string derive(std::string_view purpose, std::string_view name) const;
  /// A number below `whole`.
  [[nodiscard]] std::uint64_t draw(std::string_view purpose,
                                   std::string_view name,
                                   std::size_t whole) const;
  [[nodiscard]] const Kind& kind_of(std::string_view name) const;
  [[nodiscard]] StoredSecret scram_of(const Kind& kind, std::string_view name) const;

  Secret key_;
  std::vector<Share> shares_;  // Sorted by kind; not empty.
  std::size_t users_ = 0;
};

/// The secret an exchange of this mechanism goes on with: the user's where it serves, else one that
/// fits nobody. `stored` is what the file has, or empty for a name that is nobody's or may not log
/// in; `name` is the name as the file spells it where there is such a user. Takes milliseconds for
/// some: for a clerk thread, for known and unknown names alike.
[[nodiscard]] StoredSecret choose_secret(Use use,
                                         std::string_view name,
                                         std::string_view stored,
                                         const Decoys& decoys);

}  // namespace gatepost::auth
