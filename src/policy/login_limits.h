// SPDX-License-Identifier: Apache-2.0
// policy: what one login may send, and what becomes of it when it sends more.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/time.h"

namespace gatepost::policy {

/// A breaker for each login. A stolen password sends much, or from everywhere; when a limit is
/// passed the login is held: its mail is taken and kept, and somebody looks at it. It stays held
/// until it is released. Logins are users of ours, so their number is bounded by that of users.
class LoginLimits {
 public:
  struct Settings {
    std::uint32_t hourly_messages = 500;  ///< 0: no limit, as in all three
    std::uint32_t hourly_recipients = 2000;
    std::uint32_t daily_networks = 30;   ///< At most kMostNetworks are told apart.
    std::uint64_t held_messages = 5000;  ///< What is kept of a held login; more is put off.
    std::uint64_t held_octets = 1ULL << 30U;
  };
  static constexpr std::size_t kMostNetworks = 1024;

  struct Held {
    std::string login;
    Moment since{};
    std::string reason;  ///< "501 messages in an hour"
  };

  struct Counted {
    bool hold = false;  ///< Store it on hold: the login is held, or this message is over a limit.
    std::uint32_t recipients = 0;
    std::uint64_t era = 0;  ///< Of the counts it is in; 0: of none.
  };

  void configure(const Settings& settings) { settings_ = settings; }

  /// A message with `recipients` recipients begins, from `network` (masked). It counts from here
  /// on, so that of many at once none goes past a limit unseen. In the end settle() or
  /// take_back() it.
  [[nodiscard]] Counted count(std::string_view login,
                              std::uint32_t recipients,
                              const IpAddress& network,
                              Moment now);
  /// It was refused, or cut off. Its network stays seen. What was counted before a hold or a release
  /// is in no count any more.
  void take_back(std::string_view login, const Counted& what, Moment now);
  /// It was stored on hold. True: with what was stored, and begun, by then the login is over a
  /// limit, and held from here on. False: it was held before, or is not over any more.
  [[nodiscard]] bool settle(std::string_view login, Moment now);
  /// A message of a held login was stored.
  void note_held(std::string_view login, std::uint64_t octets);
  /// What was stored of it is gone.
  void forget_held(std::string_view login);
  /// It is held, and as much of it is stored as may be.
  [[nodiscard]] bool is_full(std::string_view login) const;
  [[nodiscard]] const Held* find_held(std::string_view login) const;
  /// False when it was not held. Its counts begin anew.
  bool release(std::string_view login);
  /// Sorted by login.
  [[nodiscard]] std::vector<Held> held() const;

  /// The held ones as lines of text, and back; lines that are none are passed over.
  [[nodiscard]] std::string text() const;
  void restore(std::string_view text);

 private:
  /// The hour that is under way and the one before, weighted by what is left of it.
  struct Window {
    std::int64_t hour = 0;
    std::uint64_t now = 0;
    std::uint64_t before = 0;
    /// What the last hour has, with `count` more.
    std::uint64_t add(std::uint64_t count, Moment at);
    void take(std::uint64_t count, Moment at);
  };
  struct Row {
    std::uint64_t era = 0;  // Differs whenever the counts have begun anew.
    Window messages;
    Window recipients;
    std::map<IpAddress, Moment> networks;  // When each was seen last.
    std::optional<Held> held;
    std::uint64_t held_messages = 0;
    std::uint64_t held_octets = 0;
  };

  /// Why the row is over a limit; empty: it is not.
  [[nodiscard]] std::string judge(Row& row, Moment now) const;

  Settings settings_;
  std::uint64_t eras_ = 0;
  std::map<std::string, Row, std::less<>> rows_;
};

}  // namespace gatepost::policy
