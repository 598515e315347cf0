// SPDX-License-Identifier: Apache-2.0
// server: who a client is by its sender's SPF record (greylist_identity = spf).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/dns.h"
#include "base/time.h"
#include "server/floor.h"

namespace gatepost::server {

/// "spf:example.com": the client passes for the sender, by the record of that domain, so that all
/// hosts it names are one. All calls from the loop's thread.
class SpfIdentities final : public Identities {
 public:
  /// Both outlive it.
  SpfIdentities(Dns& dns, const Clocks& clocks) : dns_(dns), clocks_(clocks) {}

  Task<std::string> identify(const Peer& peer,
                             std::string_view helo,
                             const mail::Mailbox& sender) override;

 private:
  static constexpr std::size_t kMost = 256;
  static constexpr Duration kTime{5'000};
  static constexpr Duration kLife{300'000};

  /// An answer that was got. There are few, and they are looked through one by one.
  struct Known {
    IpAddress client;
    std::string domain;
    std::string identity;
    Instant until;
  };

  Dns& dns_;
  const Clocks& clocks_;
  std::vector<Known> known_;
  std::size_t next_ = 0;  // The one to go when there are kMost.
};

}  // namespace gatepost::server
