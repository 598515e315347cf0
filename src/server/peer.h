// SPDX-License-Identifier: Apache-2.0
// server: who is at the other end of a session.
#pragma once

#include <memory>
#include <string>

#include "base/address.h"
#include "base/tls_facts.h"
#include "base/wire.h"
#include "server/client_name.h"

namespace gatepost::server {

/// Who has logged in.
struct Identity {
  std::string name;    ///< The user's name in passwd_file.
  std::string method;  ///< "SCRAM-SHA-256"
  std::string secret;  ///< SHA-256 of the secret that passwd_file had for it then.
};

struct Peer {
  Endpoint client;
  Endpoint local;
  std::string name;  ///< "unknown[192.0.2.1]": the client's name and address as logs show them.
  std::shared_ptr<const ClientName> dns_name = nullptr;  ///< Null: not known yet, or not asked for.
  bool suspicious = false;  ///< There is evidence against it (greylist_when = suspicious).
  std::unique_ptr<const TlsFacts> tls = nullptr;    ///< Null in the clear.
  std::unique_ptr<const Identity> login = nullptr;  ///< Null: nobody has logged in.
  Wire* wire = nullptr;  ///< The connection itself, below TLS; null in tests without one.
};

}  // namespace gatepost::server
