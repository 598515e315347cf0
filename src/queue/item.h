// SPDX-License-Identifier: Apache-2.0
// queue: a message waiting to be sent on, with the state of each recipient.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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
  bool hold = false;  ///< Not to be sent until somebody says so.
  /// The hold is the login's, which sent too much: it ends with that. Else a person's.
  bool hold_of_login = false;
  std::string login;  ///< Who submitted it, by the login's name; empty without one.
  Moment next{};      ///< Not to be tried before; the epoch: at once.
  std::vector<Destination> destinations;
};

/// What happened to one destination.
struct Outcome {
  std::size_t destination = 0;  ///< Its place in Item.destinations.
  State state = State::Waiting;
  std::string reason;
};

/// A change to an item that is in the queue. What is not set stays as it is.
struct Change {
  std::optional<bool> hold;
  bool hold_of_login = false;  ///< Of that hold.
  std::optional<Moment> next;
  std::vector<Outcome> outcomes;
};

/// Outcomes for destinations the item does not have are passed over.
void apply(const Change& change, Item& item);

/// True while any destination waits.
[[nodiscard]] bool is_pending(const Item& item);

/// The queue in numbers.
struct Totals {
  std::uint64_t items = 0;
  std::uint64_t octets = 0;
  Moment oldest{};  ///< Arrival of the oldest item; the epoch when there is none.
};

}  // namespace gatepost::queue
