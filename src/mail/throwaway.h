// SPDX-License-Identifier: Apache-2.0
// mail: addresses made for one correspondent, or for a while.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gatepost::mail {

/// Who may write to a throw-away address.
enum class Binding : std::uint8_t {
  None,         ///< Everybody.
  FirstSender,  ///< Nobody has written yet; the first one's domain will be the only one.
  Domain,       ///< Senders in `domain`, and below it.
};

/// A sender's domain that wrote to an address made for another.
struct Leak {
  std::string domain;
  std::uint64_t count = 0;
  std::int64_t last = 0;
};

/// Times in seconds since 1970, 0: never.
struct Throwaway {
  std::string address;  ///< In lower case.
  std::string targets;  ///< As on the right side of virtual(5).
  std::string label;    ///< What it was made for.
  std::int64_t made = 0;
  std::int64_t expires = 0;
  Binding binding = Binding::None;
  std::string domain;
  std::uint64_t most_uses = 0;  ///< 0: any number.
  std::uint64_t uses = 0;       ///< Accepted messages.
  std::int64_t last_used = 0;
  bool trap = false;  ///< Revoked: whoever writes to it has it from a list.
  std::vector<Leak> leaks;
  /// Uses, the first among them, since the first sender's message bound it; not kept over a restart,
  /// when all of them have come to something.
  std::uint64_t since_bound = 0;
};

/// One message that an address counts, and what taking it back needs.
struct ThrowawayUse {
  std::string address;
  std::uint64_t uses_before = 0;
  std::int64_t last_used_before = 0;
  bool since_bound = false;  ///< Counted in Throwaway::since_bound.
};

}  // namespace gatepost::mail
