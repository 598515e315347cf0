// SPDX-License-Identifier: Apache-2.0
// queue: a message waiting to be sent on, with the state of each recipient.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "mail/envelope.h"

namespace gatepost::queue {

/// What is still to be done for one recipient.
enum class State : std::uint8_t { Waiting, Delivered, Failed };

struct Destination {
  mail::Recipient recipient;
  State state = State::Waiting;
  std::string reason;  ///< Why it still waits, as told by the last attempt; empty before one.
};

struct Item {
  std::string id;
  Moment arrived{};
  std::uint64_t octets = 0;
  mail::Mailbox sender;
  mail::SenderOptions options;
  std::vector<Destination> destinations;
};

/// The queue in numbers.
struct Totals {
  std::uint64_t items = 0;
  std::uint64_t octets = 0;
  Moment oldest{};  ///< Arrival of the oldest item; the epoch when there is none.
};

}  // namespace gatepost::queue
