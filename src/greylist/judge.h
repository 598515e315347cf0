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

struct Known {
  std::optional<Triplet> triplet;
  std::optional<Client> client;
  std::optional<Stamp> trapped_until;
  bool to_trap = false;  ///< The recipient is a trap.
  bool full = false;     ///< There is no room for another triplet.
  std::uint32_t waiting =
      0;  ///< Triplets of its network that have not passed; only counts for a new one.
};

enum class Reason : std::uint8_t {
  New,        ///< Put off: never seen, or too long ago.
  Early,      ///< Put off: has to wait `seconds` more.
  Throttled,  ///< Put off: new, and too many of its network wait already. Nothing is stored.
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

/// Stamps that cannot be true (base/stamp.h) are taken for now.
[[nodiscard]] Judgement judge(const Rules& rules, const Known& known, Stamp now);

/// Whether nobody needs the row any more; never while the clock is wrong.
[[nodiscard]] bool is_stale(const Rules& rules, const Triplet& triplet, Stamp now);

}  // namespace gatepost::greylist
