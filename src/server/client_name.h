// SPDX-License-Identifier: Apache-2.0
// server: the name of a client, by DNS.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/dns.h"
#include "base/task.h"
#include "screen/score.h"

namespace gatepost::server {

/// What smtpd(8) calls client_name and reverse_client_name.
struct ClientName {
  enum class Kind : std::uint8_t {
    Confirmed,    ///< `name` leads back to the address.
    Unconfirmed,  ///< There is a name, and it does not.
    None,         ///< There is no name.
    Unknown,      ///< Nobody could say now.
  };
  Kind kind = Kind::Unknown;
  std::string name;  ///< Of Confirmed and Unconfirmed.

  /// "mail.example.com", or "unknown": as logs and Received show it.
  [[nodiscard]] std::string_view shown() const {
    return kind == Kind::Confirmed ? std::string_view(name) : std::string_view("unknown");
  }
};

/// Looks up the names of `client` (PTR) and whether one of the first few leads back to it. `dns`
/// outlives the task.
Task<ClientName> find_client_name(Dns& dns, IpAddress client);

/// The name looks as if it was made from the address, or says that lines are handed out: a host at
/// somebody's home, which rarely sends mail of its own.
[[nodiscard]] bool looks_dynamic(std::string_view name, const IpAddress& client);

/// Evidence enough that it is a mail server: a name of its own that leads back to it, and all lists
/// were heard and have nothing against it.
[[nodiscard]] bool is_proven(const ClientName& name,
                             const IpAddress& client,
                             const screen::Score& score);

}  // namespace gatepost::server
