// SPDX-License-Identifier: Apache-2.0
// server: what the names in an owner's words stand for in one session, and words below a refusal.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "policy/access.h"
#include "policy/macros.h"
#include "server/floor.h"
#include "server/peer.h"
#include "server/profile.h"
#include "smtp/steps.h"

namespace gatepost::server {

/// $client_address and the other names of smtpd(8) that are the same in every reply. All that is
/// given to the constructor outlives the object, with what the views in `texts` see.
class SessionNames : public policy::MacroNames {
 public:
  SessionNames(std::string_view hostname,
               const Peer& peer,
               const Clocks& clocks,
               const policy::AccessTexts& texts)
      : hostname_(hostname), peer_(peer), clocks_(clocks), texts_(texts) {}

  [[nodiscard]] std::optional<std::string> value_of(std::string_view name) const override;

 private:
  std::string_view hostname_;
  const Peer& peer_;
  const Clocks& clocks_;
  const policy::AccessTexts& texts_;
};

/// Puts smtpd_reject_footer, or what smtpd_reject_footer_maps have for it, below the words of a reply
/// that refuses; behind them where it begins with \c. `audience`: whose (directory.h).
void add_footer(smtp::Reply& reply,
                const Profile& profile,
                std::size_t audience,
                const policy::MacroNames& names);

}  // namespace gatepost::server
