// SPDX-License-Identifier: Apache-2.0
// server: keeps out who comes too often, or did too much.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bans/burst.h"
#include "bans/ledger.h"
#include "base/result.h"
#include "base/task.h"
#include "log/log.h"
#include "policy/event_rate.h"
#include "screen/let_in.h"
#include "server/floor.h"
#include "server/profile.h"
#include "state/ban_store.h"
#include "state/state_store.h"

namespace gatepost::server {

/// What Postfix's anvil(8) counts, besides logins (server/login.h).
enum class Rate : std::uint8_t { Connection, Message, Recipient, Tls };
inline constexpr std::size_t kRates = 4;

/// Owned by app; all calls from the loop's thread. Exceptions are asked first by every method that
/// takes a client.
class Warden {
 public:
  /// The arguments outlive it.
  Warden(state::StateStore& state, log::Log& log, const Clocks& clocks);

  void configure(const bans::Settings& bans,
                 const bans::BurstLimit& burst,
                 std::shared_ptr<const Profile> profile);
  /// Networks the owner lets in: no limit and no ban is about them. Outlives it.
  void use(const screen::LetIn& let_in) { let_in_ = &let_in; }
  /// What was known before the restart. Before the first client comes.
  Task<void> load();
  /// Once a second or so: tells of bans that ended.
  void tick();
  /// The clock went back.
  void mend() { ledger_.mend(now()); }
  /// Writes all bans down: the file has others, or none.
  void write_anew();

  /// The client did something. Not of who is logged in, but for failed logins.
  void note(const IpAddress& client, bans::Offence offence);
  void note_login(const IpAddress& client);
  /// A connection of a client that is kept out.
  [[nodiscard]] bool refuses(const IpAddress& client);
  /// A connection that comes too soon after others; that is logged.
  [[nodiscard]] bool is_burst(const ServiceProfile& service, const IpAddress& client);

  /// Who did what: both outlive the call.
  struct Event {
    Rate rate = Rate::Connection;
    const ServiceProfile& service;
    const IpAddress& client;
    std::string_view peer;  ///< "unknown[192.0.2.1]"
  };
  /// Counts it; true when it is one too many, which is logged.
  [[nodiscard]] bool is_over(const Event& event);
  /// As is_over(), for one more that is not counted yet, nor logged.
  [[nodiscard]] bool is_spent(const Event& event) const;

  // By hand.
  [[nodiscard]] bans::Ledger& ledger() { return ledger_; }
  [[nodiscard]] Stamp now() const;
  /// ban_exceptions, or let in by the owner.
  [[nodiscard]] bool is_exempt(const IpAddress& client) const;
  /// The network the owner lets the client in by; null: none.
  [[nodiscard]] const screen::LetIn::Entry* find_let_in(const IpAddress& client) const {
    return let_in_ == nullptr ? nullptr : let_in_->find(client);
  }
  /// smtpd_client_event_limit_exceptions, or let in by the owner.
  [[nodiscard]] bool is_unlimited(const IpAddress& client) const;
  /// Somebody in it is let in, so that a packet filter must not drop all of it.
  [[nodiscard]] bool has_let_in(const Network& network) const;
  /// `time` in seconds, or Ban::kForever. Permanent: its first address is exempt.
  Result<void> add(const Network& network, Stamp time, std::string reason);
  /// False: it was not kept out.
  bool remove(const Network& network);
  /// Bans began or ended since the last call, or others are let in.
  [[nodiscard]] bool take_changed();

 private:
  [[nodiscard]] IpAddress client_key(const IpAddress& client) const;
  [[nodiscard]] static std::uint32_t limit_of(const Event& event);
  void begin(const bans::Ban& ban);
  void keep(const bans::Ban& ban);
  void tell_end(const bans::Ledger::Ended& ended);

  state::StateStore& state_;
  state::BanStore store_;
  log::Log& log_;
  const Clocks& clocks_;
  std::shared_ptr<const Profile> profile_;
  const screen::LetIn* let_in_ = nullptr;
  std::uint64_t let_in_seen_ = 0;
  bans::Ledger ledger_;
  bans::Burst burst_;
  std::array<std::array<policy::EventRate, kRates>, kServices> rates_;
  Stamp swept_ = 0;
  bool changed_ = true;
};

}  // namespace gatepost::server
