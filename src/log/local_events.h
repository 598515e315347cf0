// SPDX-License-Identifier: Apache-2.0
// log: mail that is made on this machine: taken from sendmail(1), or written by the program itself.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "log/about.h"
#include "log/line.h"

namespace gatepost::log {

class Counters;

/// A message was found in the maildrop. `sender` as the caller gave it.
struct MessagePickedUp {
  static constexpr About about{"message_picked_up", Level::Info, "pickup",
                               "A local program sent a message with sendmail(1); the uid is "
                               "proved by the system, the sender is what the program says."};
  std::string_view item, sender;
  std::uint32_t uid = 0;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("item", item);
    field("uid", uid);
    field("sender", sender);
  }
};

/// A file of the maildrop cannot be taken in, now or ever.
struct MaildropProblem {
  static constexpr About about{"maildrop_problem", Level::Warning, "pickup",
                               "A file in the maildrop is no message of sendmail(1), or cannot be "
                               "taken in now. One set aside is in corrupt/, for you to look at."};
  std::string_view file, detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("file", file);
    field("detail", detail);
  }
};

/// A recipient of a message that was accepted already will not get it. `transport` is "local",
/// "virtual", "relay" or what else would have carried it; `status` of RFC 3463.
struct RecipientBounced {
  static constexpr About about{"recipient_bounced", Level::Info, "local",
                               "A recipient of an accepted message cannot have it; the sender is "
                               "told, unless asked not to."};
  std::string_view item, transport, recipient, original, status, detail;
  Duration before{};

  [[nodiscard]] std::string_view tag() const { return transport; }
  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("item", item);
    field("transport", transport);
    field("recipient", recipient);
    if (!original.empty()) field("original", original);
    field("before", before);
    field("dsn", status);
    field("status", "bounced");
    field("detail", detail);
  }
};

/// A report about a message went to its sender, or to postmaster where the sender cannot have it.
struct ReportSent {
  static constexpr About about{
      "report_sent", Level::Info, "bounce",
      "A report about a message was made: that it could not be delivered, or that it was."};
  std::string_view item, report;
  bool to_postmaster = false;
  bool success = false;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("item", item);
    field("report", report);
    field("to_postmaster", to_postmaster);
    field("success", success);
  }
};

}  // namespace gatepost::log
