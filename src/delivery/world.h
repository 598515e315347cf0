// SPDX-License-Identifier: Apache-2.0
// delivery: port: what the runner has to ask about addresses, and whom it tells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "delivery/transport.h"
#include "mail/report.h"
#include "queue/item.h"
#include "smtp/steps.h"

namespace gatepost::delivery {

/// Where a recipient in the queue goes from here.
struct Hop {
  enum class Kind : std::uint8_t {
    Wait,    ///< Nobody can take it now; it is not the sender's fault and does not grow old.
    Lmtp,    ///< To `transport`, under the address it has.
    Inject,  ///< In by the front door again: into Maildirs, or along an alias.
    Nobody,  ///< It leads nowhere; `refusal` says why.
  };
  Kind kind = Kind::Wait;
  Transport transport{};
  smtp::Reply refusal{550, {}, {}};
};

/// What became of a recipient for good.
struct Told {
  std::size_t destination = 0;  ///< Its place in the item's destinations.
  mail::Action action = mail::Action::Failed;
  std::string status;  ///< RFC 3463
  std::string reason;  ///< The reply where `remote` said it.
  std::string remote;  ///< Who said it; empty: this host.
};

class World {
 public:
  virtual ~World() = default;

  [[nodiscard]] virtual Moment now() = 0;
  /// An error is a table that cannot be read now.
  [[nodiscard]] virtual Result<Hop> route(const mail::Mailbox& to, const mail::Mailbox& sender) = 0;
  /// Makes these destinations' mail durable elsewhere; it reports itself to the sender what it
  /// cannot place. Where some of the mailboxes cannot be opened, those wait as another item of the
  /// same age; an error where none can have it. `item` and `which` outlive the task.
  virtual Task<Result<void>> inject(const queue::Item& item,
                                    const std::vector<std::size_t>& which) = 0;
  /// Parts of `which` of which no two lead to the same mailbox or address. What cannot be looked up
  /// now is in none.
  [[nodiscard]] virtual std::vector<std::vector<std::size_t>> set_apart(
      const queue::Item& item, const std::vector<std::size_t>& which) = 0;
  /// Makes a report (RFC 3464) durable for the item's sender, where he wants one, or for
  /// postmaster of a failure where there is none. All in `what` have one action. Both outlive the
  /// task. Permanent: nobody can be told.
  virtual Task<Result<void>> report(const queue::Item& item, const std::vector<Told>& what) = 0;
};

}  // namespace gatepost::delivery
