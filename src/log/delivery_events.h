// SPDX-License-Identifier: Apache-2.0
// log: what happens to a message between its last dot and its mailbox.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "log/about.h"
#include "log/line.h"

namespace gatepost::log {

class Counters;

/// The Message-ID field of a message; `message_id` with its angle brackets, as it was found.
struct MessageIdSeen {
  static constexpr About about{"message_id_seen", Level::Info, "cleanup",
                               "Links the queue id with the Message-ID the sender gave."};
  std::string_view item, message_id;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("item", item);
    field("message_id", message_id);
  }
};

/// The message is durable: the promise is kept.
struct ItemAccepted {
  static constexpr About about{"item_accepted", Level::Info, "qmgr",
                               "A message is on the disk and was answered 250."};
  std::string_view item, sender;
  std::uint64_t size = 0;
  std::uint32_t recipients = 0;
  std::string_view service = "smtp";  ///< The listener it came by, for the counters.

  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("item", item);
    field("sender", sender);
    field("size", size);
    field("recipients", recipients);
    field("service", service);
  }
};

/// One recipient has the message. `transport` is "local" or "virtual"; `original` is the address
/// as the client gave it, empty where it is the same.
struct RecipientDelivered {
  static constexpr About about{"recipient_delivered", Level::Info, "local",
                               "A message is in a recipient's mailbox."};
  std::string_view item, transport, recipient, original;
  Duration before{};        ///< From MAIL until the message was complete.
  Duration in_queue{};      ///< Waiting for its turn.
  Duration connect{};       ///< Reaching the next hop; 0 for a mailbox.
  Duration transmit{};      ///< Handing over.
  std::string_view detail;  ///< "delivered to maildir"

  [[nodiscard]] std::string_view tag() const { return transport; }
  [[nodiscard]] Duration delay() const { return before + in_queue + connect + transmit; }
  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("item", item);
    field("transport", transport);
    field("recipient", recipient);
    if (!original.empty()) field("original", original);
    field("before", before);
    field("in_queue", in_queue);
    field("connect", connect);
    field("transmit", transmit);
    field("status", "sent");
    field("detail", detail);
  }
};

/// One attempt to hand a message from the queue to another program, for one recipient.
struct RecipientTried {
  static constexpr About about{
      "recipient_tried", Level::Info, "lmtp",
      "A message was offered to another server: sent, deferred for a later "
      "attempt, or bounced, which is told to its sender."};
  std::string_view item, recipient, relay;
  Duration before{};        ///< Until the message was in the queue.
  Duration in_queue{};      ///< Waiting for its turn.
  Duration connect{};       ///< Reaching the server.
  Duration transmit{};      ///< Talking with it.
  std::string_view dsn;     ///< RFC 3463
  std::string_view status;  ///< "sent", "deferred" or "bounced"
  std::string_view detail;  ///< What it said.

  [[nodiscard]] Duration delay() const { return before + in_queue + connect + transmit; }
  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("item", item);
    field("recipient", recipient);
    field("relay", relay);
    field("before", before);
    field("in_queue", in_queue);
    field("connect", connect);
    field("transmit", transmit);
    field("dsn", dsn);
    field("status", status);
    field("detail", detail);
  }
};

/// All recipients are served; the queue knows the message no more.
struct ItemRemoved {
  static constexpr About about{"item_removed", Level::Info, "qmgr",
                               "A message has left the queue: every recipient is served."};
  std::string_view item;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("item", item);
  }
};

/// A message could not be stored; the client was told to try again.
struct StorageFailed {
  static constexpr About about{"storage_failed", Level::Error, "cleanup",
                               "The disk refused a message, and the client was told to come back. "
                               "Look for a full or failing disk now."};
  std::string_view item, what, detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("item", item);
    field("what", what);
    field("detail", detail);
  }
};

/// What the queue found and put right after a crash.
struct QueueRecovered {
  static constexpr About about{"queue_recovered", Level::Warning, "qmgr",
                               "The queue was put in order after an unclean stop."};
  std::string_view detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("detail", detail);
  }
};

}  // namespace gatepost::log
