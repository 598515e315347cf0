// SPDX-License-Identifier: Apache-2.0
// greylist: is it time yet? A pure function of what is known and what time it is.
#pragma once

#include <cstdint>
#include <optional>

#include "base/stamp.h"

namespace gatepost::greylist {

/// In seconds.
struct Rules {
  std::int64_t delay = 300;                ///< greylist_delay
  std::int64_t retry_window = 2 * 86'400;  ///< greylist_retry_window
  std::int64_t max_age = 35 * 86'400;      ///< greylist_max_age
  std::uint32_t allow_after = 5;           ///< greylist_auto_allowlist_clients; 0: never
  std::int64_t allow_interval = 3600;      ///< greylist_auto_allowlist_interval
  std::uint32_t throttle = 20;             ///< greylist_source_throttle; 0: none
  std::int64_t trap_time = 86'400;         ///< greylist_trap_time
};

/// A triplet.
struct Triplet {
  Stamp first = 0;  ///< Its first attempt; of one that began anew, that one.
  Stamp last = 0;
  bool passed = false;  ///< It has waited long enough once, and never has to again.
};

/// How often triplets of a client passed.
struct Client {
  std::uint32_t count = 0;
  Stamp last = 0;
};

/// Triplets of a network that have not passed.
struct Waiting {
  std::uint32_t senders = 0;  ///< Of the fresh ones.
  std::uint32_t fresh = 0;    ///< Tried as late as a queue would have (fresh_time()).
  std::uint32_t all = 0;
};

struct Known {
  std::optional<Triplet> triplet;
  std::optional<Client> client;
  std::optional<Stamp> trapped_until;
  bool to_trap = false;     ///< The recipient is a trap.
  bool full = false;        ///< There is no room for another triplet.
  Waiting waiting;          ///< In its network; only counts for a new triplet.
  bool proven_net = false;  ///< Mail of its network has passed.
};

enum class Reason : std::uint8_t {
  New,        ///< Put off: never seen, or too long ago.
  Early,      ///< Put off: has to wait `seconds` more.
  Throttled,  ///< Put off: new, and its network floods (is_flood()). Nothing is stored.
  Trapped,    ///< Put off: its network wrote to a trap, and has `seconds` to go.
  Found,      ///< Passes: it came back; `seconds` after the first attempt when `fresh`.
  Allowed,    ///< Passes: the client is on the auto-allowlist.
  Full,       ///< Passes: nothing can be remembered, and nobody shall wait for ever.
};

struct Judgement {
  Reason reason = Reason::New;
  std::int64_t seconds = 0;
  bool fresh = false;           ///< It passes for the first time.
  bool caught = false;          ///< Its network is trapped from now on, for `seconds`.
  bool allowlisted = false;     ///< With this one the client came onto the auto-allowlist.
  std::optional<Triplet> keep;  ///< Shall be stored; nothing: as it is.
  std::optional<Client> keep_client;

  [[nodiscard]] bool passes() const { return reason >= Reason::Found; }
};

/// Whether new triplets of a network are too many to keep. Fresh ones of rules.throttle senders are,
/// but where mail has passed before: hosts of many customers, and lists, begin with a burst. Twenty
/// times as many triplets are of any client that is not `known`, and a hundred times of each: then
/// rows are filled.
[[nodiscard]] bool is_flood(const Rules& rules,
                            const Waiting& waiting,
                            bool known,
                            bool proven_net);
inline constexpr std::uint32_t kMostFresh = 20;
inline constexpr std::uint32_t kMostWaiting = 100;
/// For so long after its last attempt a triplet counts as fresh: a queue has tried again by then.
[[nodiscard]] std::int64_t fresh_time(const Rules& rules);

/// Stamps that cannot be true (base/stamp.h) are taken for now.
[[nodiscard]] Judgement judge(const Rules& rules, const Known& known, Stamp now);

/// Whether nobody needs the row any more; never while the clock is wrong.
[[nodiscard]] bool is_stale(const Rules& rules, const Triplet& triplet, Stamp now);

}  // namespace gatepost::greylist
