// SPDX-License-Identifier: Apache-2.0
// bans: the books of offences, bans and good logins.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bans/rules.h"
#include "base/address.h"
#include "base/stamp.h"

namespace gatepost::bans {

struct Settings {
  bool enabled = false;  ///< Else nobody is kept out for what it does; by hand they may be.
  Rules rules;
  Stamp find_time = 600;  ///< Offences older than this do not count. All times in seconds.
  Weight threshold = 5 * kOne;
  Weight network_threshold = 25 * kOne;  ///< Of what wide_network() gives; 0: none is banned.
  Stamp ban_time = 600;                  ///< The first ban's.
  bool growing = true;                   ///< Each further ban is twice as long,
  Stamp longest = 604'800;               ///< up to this.
  Stamp login_time = 86'400;  ///< How long a good login protects its network; 0: not at all.
};

/// A network that is kept out, or was.
struct Ban {
  static constexpr Stamp kForever = INT64_MAX;

  Network network;
  Stamp begun = 0;
  Stamp until = 0;          ///< kForever: until it is taken back.
  std::uint32_t count = 0;  ///< Bans so far, this one included, as far as they are not forgotten.
  bool by_hand = false;
  std::string reason;  ///< Printable, one line, at most kMostReason octets.
  bool operator==(const Ban&) const = default;

  static constexpr std::size_t kMostReason = 200;
  [[nodiscard]] bool is_in_force(Stamp now) const { return now < until; }
  /// One that began in the future was made by a clock that was wrong: it begins now, and its length
  /// was right. While the clock is wrong all is left as it is.
  void mend(Stamp now);
};

/// What is known of one network.
struct Account {
  Network network;
  struct Fault {
    Offence offence = Offence::Auth;
    Stamp at = 0;
  };
  std::vector<Fault> faults;  ///< Within the find time, the oldest first.
  Weight score = 0;
  std::optional<Ban> ban;      ///< In force, or the last one while it is not forgotten.
  std::optional<Stamp> login;  ///< The last good login, while it protects.
};

/// Counts by network: an address of IPv4, a /64 of IPv6, which is what one party has at least; and
/// by what is around it, where many of those misbehave. All calls with the time that is now; where
/// that goes back nothing is lost, some things last longer.
class Ledger {
 public:
  static constexpr std::size_t kMostSuspects = 4096;  ///< Networks whose offences are remembered.
  static constexpr std::size_t kMostFaults = 32;      ///< Of one of them.
  static constexpr std::size_t kMostBans = 16'384;    ///< With those that are over.
  static constexpr std::size_t kMostLogins = 8192;
  /// A ban is forgotten, and the next one half as long, for each day without one.
  static constexpr Stamp kForgetting = 86'400;

  [[nodiscard]] static Network network_of(const IpAddress& client);
  /// A /24 of IPv4, a /48 of IPv6: what one party has at most, as a rule.
  [[nodiscard]] static Network wide_network_of(const IpAddress& client);

  void configure(const Settings& settings) { settings_ = settings; }
  [[nodiscard]] const Settings& settings() const { return settings_; }

  /// Something was done by a client that is no exception. The ban that begins by it.
  std::optional<Ban> note(const IpAddress& client, Offence offence, Stamp now);
  /// True when that is worth writing down: it was not known within the last hour.
  bool note_login(const IpAddress& client, Stamp now);
  [[nodiscard]] bool is_protected(const IpAddress& client, Stamp now) const;

  /// The widest ban in force that the client is under.
  [[nodiscard]] const Ban* find(const IpAddress& client, Stamp now) const;
  /// As find(), at a client's connection: counted as refused where there is one.
  [[nodiscard]] bool refuses(const IpAddress& client, Stamp now);
  /// A ban that is over, with the connections it refused (since the program's start).
  struct Ended {
    Ban ban;
    std::uint64_t refused = 0;
  };
  /// By hand; `time` in seconds, or kForever. Takes the place of one of this very network.
  Ban add(const Network& network, Stamp time, std::string reason, Stamp now);
  /// Forgets all of a network: its ban, with how many there were, and its offences. The ban that
  /// was in force, or nothing when there was none.
  std::optional<Ended> remove(const Network& network, Stamp now);
  /// Networks inside of `network` that are banned for what they did.
  [[nodiscard]] std::vector<Network> banned_inside(const Network& network) const;
  /// Those that ended by themselves since the last call.
  std::vector<Ended> take_ended(Stamp now);
  /// Bans that are over and forgotten: their rows may go. Some at a time.
  std::vector<Network> sweep(Stamp now);

  /// In force, in the order of their networks.
  [[nodiscard]] std::vector<Ban> list(Stamp now) const;
  /// All that is known, also of those that are over.
  [[nodiscard]] std::vector<Ban> all() const;
  /// The clock went back: see Ban::mend().
  void mend(Stamp now);
  [[nodiscard]] Account look_up(const IpAddress& client, Stamp now) const;

  /// As it was written down before a restart.
  void restore(Ban ban, Stamp now);
  void restore_login(const Network& network, Stamp at, Stamp now);

 private:
  struct Key {
    unsigned prefix = 0;
    IpAddress address;
    auto operator<=>(const Key&) const = default;  // NOLINT(modernize-use-nullptr): clang 14
  };
  struct Suspect {
    IpAddress address;  // Masked.
    std::vector<Account::Fault> faults;
    Weight extra = 0;  // Of faults that had no place any more; as old as the first of them.
  };
  struct Held {
    Ban ban;
    bool told = false;  // That it ended.
    mutable std::uint64_t refused = 0;
  };
  using Suspects = std::list<Suspect>;
  using Bans = std::map<Key, Held>;

  [[nodiscard]] bool keeps_out(const Ban& ban, Stamp now) const {
    return ban.is_in_force(now) && (settings_.enabled || ban.by_hand);
  }
  static Key key_of(const Network& network) { return {network.prefix, network.address}; }
  Suspect& find_suspect(const IpAddress& address);
  /// All in the network.
  void forget_suspects(const Network& network);
  /// A ban of `network` for what it did.
  Ban begin(const Network& network, std::string reason, Stamp now);
  /// Of the network around `client`, when that is over its threshold.
  std::optional<Ban> widen(const IpAddress& client, Stamp now);
  void drop_old(Suspect& suspect, Stamp now) const;
  [[nodiscard]] Weight score(const Suspect& suspect) const;
  [[nodiscard]] std::string reason_of(const Suspect& suspect) const;
  [[nodiscard]] Stamp length(std::uint32_t count) const;
  [[nodiscard]] static std::uint32_t earlier(const Ban& ban, Stamp now);
  Held& put(Ban ban, Stamp now);
  [[nodiscard]] const Held* find_held(const IpAddress& client, Stamp now) const;
  void make_room(Stamp now);
  void erase(Bans::iterator at);

  Settings settings_;
  Suspects suspects_;  // The one last seen first.
  std::map<IpAddress, Suspects::iterator> suspect_index_;
  Bans bans_;
  // How many bans there are of each prefix length, so that a look-up tries those alone.
  std::array<std::uint32_t, 129> prefixes_{};
  std::map<IpAddress, Stamp> logins_;  // By network.
  Stamp next_end_ = Ban::kForever;     // Nothing ends before.
};

}  // namespace gatepost::bans
