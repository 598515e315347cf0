// SPDX-License-Identifier: Apache-2.0
// server: port: what the settings, tables and user files say about names and addresses.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"
#include "mail/path.h"
#include "policy/relay.h"

namespace gatepost::server {

/// Where mail for a recipient of ours is put.
struct Target {
  std::string maildir;  ///< Absolute path.
  std::string address;  ///< The final address.
};

/// An error of any of these is a table or file that cannot be read now: 451, never 550.
class Directory {
 public:
  virtual ~Directory() = default;

  [[nodiscard]] virtual Result<policy::DomainClass> domain_class(std::string_view domain) = 0;
  /// The mailbox of an address in a Local or Virtual domain; nothing when there is no such user.
  [[nodiscard]] virtual Result<std::optional<Target>> find_mailbox(const mail::Mailbox& address,
                                                                   policy::DomainClass domain) = 0;
  /// Where postmaster's mail goes when there is no such user.
  [[nodiscard]] virtual Result<Target> postmaster() = 0;
  /// False when relay_recipient_maps are set and do not hold the address.
  [[nodiscard]] virtual Result<bool> is_relay_recipient(const mail::Mailbox& address) = 0;
  [[nodiscard]] virtual bool in_mynetworks(const IpAddress& client) = 0;
  /// smtpd_client_event_limit_exceptions
  [[nodiscard]] virtual bool is_unlimited(const IpAddress& client) = 0;
  /// smtpd_forbid_bare_newline_exclusions
  [[nodiscard]] virtual bool may_send_bare_newlines(const IpAddress& client) = 0;
};

}  // namespace gatepost::server
