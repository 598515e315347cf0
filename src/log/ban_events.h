// SPDX-License-Identifier: Apache-2.0
// log: clients that come or do too much, and networks that are kept out for it.
//
// Views are borrowed for the time of emit().
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "log/about.h"
#include "log/line.h"

namespace gatepost::log {

/// A client is over a limit of events in a time, in the words of Postfix's smtpd. `what` is
/// "Connection", "Connection burst", "Message delivery request", "Recipient address", "New TLS
/// session" or "AUTH command"; `peer` is "name[address]".
struct RateLimit {
  static constexpr About about{
      "rate_limit", Level::Warning, "smtpd",
      "A client did more in a time than smtpd_client_connection_rate_limit and its kin, or "
      "client_connection_burst_limit, allow, and was refused."};
  std::string_view what, service, peer;
  std::uint32_t count = 0;

  [[nodiscard]] std::string_view tag() const { return smtpd_tag(service); }
  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("what", what);
    field("service", service);
    field("peer", peer);
    field("count", count);
  }
};

/// A network is kept out from now on. `time` is zero where that has no end; `count` says how often
/// it was, `reason` for what.
struct BanBegun {
  static constexpr About about{
      "ban_begun", Level::Info, "ban",
      "A network is kept out for a time, for what it did (ban_rules) or by hand. gatepost ban why "
      "ADDRESS tells more, gatepost ban del ADDRESS lets it in again."};
  std::string_view network, reason;
  Duration time{};
  std::uint32_t count = 0;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("network", network);
    field("reason", reason);
    field("time", time);
    field("count", count);
  }
};

/// A ban is over, or was taken back.
struct BanEnded {
  static constexpr About about{"ban_ended", Level::Info, "ban",
                               "A network that was kept out may come again."};
  std::string_view network;
  std::uint64_t refused = 0;  ///< Connections, meanwhile.

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("network", network);
    field("refused", refused);
  }
};

}  // namespace gatepost::log
