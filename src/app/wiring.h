// SPDX-License-Identifier: Apache-2.0
// app: from the settings file's words to each room's own settings; nowhere else are both known.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bans/ledger.h"
#include "base/address.h"
#include "base/result.h"
#include "config/settings.h"
#include "dns/resolver.h"
#include "log/log.h"
#include "policy/auth_throttle.h"
#include "policy/login_limits.h"
#include "server/greylisting.h"
#include "server/profile.h"
#include "storage/mail_store.h"

namespace gatepost::app {

[[nodiscard]] std::shared_ptr<const server::Profile> make_profile(
    const config::Settings& settings, std::shared_ptr<server::Directory> directory);

[[nodiscard]] storage::MailStore::Settings make_store_settings(const config::Settings& settings);

[[nodiscard]] policy::AuthThrottle::Settings make_throttle_settings(
    const config::Settings& settings);
[[nodiscard]] policy::LoginLimits::Settings make_login_limits(const config::Settings& settings);

[[nodiscard]] bans::Settings make_ban_settings(const config::Settings& settings);
[[nodiscard]] dns::Settings make_dns_settings(const config::Settings& settings);
[[nodiscard]] server::Greylisting::Settings make_greylist_settings(
    const config::Settings& settings);
[[nodiscard]] log::Settings make_log_settings(const config::Settings& settings);

/// The service's settings as the file has them.
[[nodiscard]] const config::ServiceSettings& service_settings(const config::Settings& settings,
                                                              server::Service service);

/// Where each service listens, by service; empty: it is off.
[[nodiscard]] const std::vector<Endpoint>& listen_addresses(const config::Settings& settings,
                                                            server::Service service);

/// The fixed front of mail_location: the longest folder that is the same for all users.
[[nodiscard]] std::string mail_root(const config::Settings& settings);

/// What no single row can see: settings that would make an open relay, or contradict each other.
/// One line each; nothing starts or reloads with any.
[[nodiscard]] std::vector<std::string> find_faults(const config::Settings& settings);

}  // namespace gatepost::app
