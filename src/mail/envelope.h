// SPDX-License-Identifier: Apache-2.0
// mail: sender, recipients and their options, as one transaction collects them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mail/path.h"

namespace gatepost::mail {

/// BODY= of MAIL (RFC 6152).
enum class Body : std::uint8_t { Unstated, SevenBit, EightBitMime };

/// RET= of MAIL (RFC 3461 section 4.3).
enum class Return : std::uint8_t { Unstated, Full, Headers };

/// NOTIFY= of RCPT (RFC 3461 section 4.1), as a set. Empty means unstated.
struct Notify {
  bool never = false;
  bool success = false;
  bool failure = false;
  bool delay = false;

  [[nodiscard]] bool stated() const { return never || success || failure || delay; }
  bool operator==(const Notify&) const = default;
};

struct SenderOptions {
  Body body = Body::Unstated;
  bool smtputf8 = false;
  Return ret = Return::Unstated;
  std::string envelope_id;  ///< ENVID, decoded from xtext; at most 100 octets.
  std::uint64_t size = 0;   ///< SIZE as declared; 0 when it was not.
  bool operator==(const SenderOptions&) const = default;
};

struct Recipient {
  Mailbox mailbox;
  Notify notify;
  std::string original;  ///< ORCPT as "type;address", decoded from xtext; empty when absent.
  /// What whoever sent the message knows it by, where that is not `mailbox`; else empty. Nobody
  /// outside is told of `mailbox` then.
  Mailbox given = {};
  bool operator==(const Recipient&) const = default;
};

struct Envelope {
  Mailbox sender;  ///< Empty for the null reverse-path.
  SenderOptions options;
  std::vector<Recipient> recipients;
  bool operator==(const Envelope&) const = default;
};

}  // namespace gatepost::mail
