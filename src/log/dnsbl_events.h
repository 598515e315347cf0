// SPDX-License-Identifier: Apache-2.0
// log: what DNS lists say about clients, and how they are.
#pragma once

#include <string_view>

#include "base/time.h"
#include "log/about.h"
#include "log/line.h"

namespace gatepost::log {

/// One record of a listing; whether it counts is not said here.
struct DnsblListed {
  static constexpr About about{"dnsbl_listed", Level::Info, "dnsblog",
                               "A client is on a DNS list; one line for each address the list "
                               "answered with."};
  std::string_view client, zone, address;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("client", client);
    field("zone", zone);
    field("address", address);
  }
};

/// A list did not answer in time.
struct DnsblTimeout {
  static constexpr About about{"dnsbl_timeout", Level::Warning, "postscreen",
                               "A DNS list did not answer within postscreen_dnsbl_timeout; it adds "
                               "nothing to the client's score."};
  std::string_view zone;
  Duration timeout{};

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("zone", zone);
    field("timeout", timeout);
  }
};

/// Nobody could say whether a client is on a list.
struct DnsblError {
  static constexpr About about{"dnsbl_error", Level::Warning, "dnsblog",
                               "A question to a DNS list failed; the list adds nothing to the "
                               "client's score."};
  std::string_view query, detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("query", query);
    field("detail", detail);
  }
};

/// The same for a list of smtpd_recipient_restrictions and their kin.
struct RblError {
  static constexpr About about{"rbl_error", Level::Warning, "smtpd",
                               "A question to a DNS list of smtpd_recipient_restrictions or their "
                               "kin failed, or was answered with an error code; the list neither "
                               "refuses nor permits by it."};
  std::string_view query, detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("query", query);
    field("detail", detail);
  }
};

/// A list is not in order, and not heard any more.
struct ListMuted {
  static constexpr About about{
      "list_muted", Level::Warning, "dnsblog",
      "A DNS list is not in order; it is not asked about clients until a "
      "probe finds that it is again. dnsbl_outage_policy says what is done "
      "without it."};
  std::string_view zone, detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("zone", zone);
    field("detail", detail);
  }
};

/// A muted list is in order again.
struct ListHeard {
  static constexpr About about{"list_heard", Level::Info, "dnsblog",
                               "A DNS list that was muted is in order and asked again."};
  std::string_view zone;
  Duration muted{};

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("zone", zone);
    field("muted", muted);
  }
};

}  // namespace gatepost::log
