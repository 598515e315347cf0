// SPDX-License-Identifier: Apache-2.0
// screen: what the answers of all lists about one client come to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/address.h"
#include "base/time.h"
#include "screen/sites.h"

namespace gatepost::screen {

/// What one list said to one question. Borrows.
struct ListAnswer {
  enum class Kind : std::uint8_t {
    Listed,     ///< There are A records.
    NotListed,  ///< There are none, or no such name.
    Failed,     ///< Nobody could say.
  };
  Kind kind = Kind::Failed;
  std::span<const IpAddress> addresses;
  Duration ttl{};          ///< Zero: not known.
  std::string_view fault;  ///< Of Failed, for the log.
};

/// An answer, reduced to what the score needs: one for each list and client.
struct Finding {
  enum class Kind : std::uint8_t {
    Unanswered,
    Failed,  ///< Also of an answer that is an error code.
    NotListed,
    Listed,  ///< Whether an entry means this listing or not.
  };
  Kind kind = Kind::Unanswered;
  bool matched = false;
  std::int32_t weight = 0;   ///< Of all entries that match.
  std::int32_t largest = 0;  ///< Of a single entry that matches; of meaning when `matched`.
  /// Seconds for which the answer lets a client pass: it is not on a list of the bad ones, or it is
  /// on one of the good ones. Zero: it does not, or nobody said for how long.
  std::uint32_t pass_ttl = 0;

  [[nodiscard]] bool answered() const { return kind >= Kind::NotListed; }
};

/// An entry matches once, however many records match.
[[nodiscard]] Finding find_weight(const Sites::Zone& zone, const ListAnswer& answer);

struct Score {
  std::int32_t total = 0;
  ZoneSet answered = 0;  ///< Lists that answered and count.
  ZoneSet matched = 0;   ///< Of these, lists of which an entry matches.
  /// The list with the largest single weight, the first of equals; kMostZones: none matches.
  std::size_t named = Sites::kMostZones;
  std::uint32_t pass_ttl = 0;     ///< Seconds, the least of all; zero: not known.
  std::int32_t heard_weight = 0;  ///< Positive weight of the lists that answered.
  std::int32_t all_weight = 0;    ///< Positive weight of all lists.
  std::int32_t missing_good = 0;  ///< Negative weight of the lists that did not.
};

/// `findings` has one for each zone. Only those in `counting` count: a list that is muted, or whose
/// health is not known yet, adds nothing. What has not been answered adds nothing either.
[[nodiscard]] Score add_up(const Sites& sites, std::span<const Finding> findings, ZoneSet counting);

/// How long a client that passed need not be asked about again.
[[nodiscard]] Duration pass_lifetime(const Score& score, Duration least, Duration most);

/// dnsbl_outage_policy: what is done when lists that could have condemned a client were not heard.
enum class OutagePolicy : std::uint8_t {
  Scale,            ///< The threshold becomes smaller as the weight that was heard does.
  FailOpen,         ///< The threshold stays; who might be vouched for is not refused.
  GreylistInstead,  ///< It stays, and the client is doubtful: greylisted, where that is on. Who might
                    ///< be vouched for is told to come again.
};

struct Thresholds {
  std::int32_t reject = 1;  ///< postscreen_dnsbl_threshold, at least 1.
  std::int32_t allow = 0;   ///< postscreen_dnsbl_allowlist_threshold; negative, or it is off.
  OutagePolicy outage = OutagePolicy::GreylistInstead;
};

struct Ruling {
  bool listed = false;
  bool allowed = false;  ///< Other tests may be left out.
  /// Not listed by what was heard, but it could be by what was not. Never under another policy than
  /// GreylistInstead.
  bool doubtful = false;
  /// Listed by what was heard, but not if those that were not would speak for it: it is refused for
  /// now. Of GreylistInstead, too.
  bool deferred = false;
  std::int32_t threshold = 1;  ///< That was in force.
};

[[nodiscard]] Ruling rule(const Score& score, const Thresholds& thresholds);

}  // namespace gatepost::screen
