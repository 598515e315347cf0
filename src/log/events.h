// SPDX-License-Identifier: Apache-2.0
// log: the catalogue: every event there is, in the order the manual prints them.
#pragma once

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>

#include "log/about.h"
#include "log/ban_events.h"
#include "log/delivery_events.h"
#include "log/dnsbl_events.h"
#include "log/local_events.h"
#include "log/screen_events.h"
#include "log/service_events.h"
#include "log/session_events.h"

namespace gatepost::log {

/// A new event is a row here too; emitting one that is not does not compile.
using Catalogue = std::tuple<ClientConnected,
                             ClientDisconnected,
                             ConnectionLost,
                             MessageStarted,
                             CommandRejected,
                             LoginSucceeded,
                             LoginFailed,
                             LoginHeld,
                             NonSmtpCommand,
                             ImproperPipelining,
                             CommandReplaced,
                             KeywordsHidden,
                             TlsEstablished,
                             TlsFailed,
                             ConnectionLimit,
                             RateLimit,
                             BanBegun,
                             BanEnded,
                             ScreenConnected,
                             ScreenVerdict,
                             ScreenFailed,
                             ScreenEnded,
                             ScreenRejected,
                             ScreenTurnedAway,
                             ScreenStress,
                             ProxyFailed,
                             SessionShed,
                             AliasLeaked,
                             TrapHit,
                             TrapLearned,
                             GreylistJudged,
                             GreylistAllowed,
                             MessageIdSeen,
                             ItemAccepted,
                             RecipientDelivered,
                             RecipientTried,
                             ItemRemoved,
                             StorageFailed,
                             QueueRecovered,
                             MessagePickedUp,
                             MaildropProblem,
                             RecipientBounced,
                             ReportSent,
                             DnsblListed,
                             DnsblTimeout,
                             DnsblError,
                             RblError,
                             ListMuted,
                             ListHeard,
                             ServiceStarted,
                             Listening,
                             ServiceReloaded,
                             ReloadFailed,
                             ServiceStopping,
                             ServiceStopped,
                             CertificateLoaded,
                             CertificateProblem,
                             SelfSignedMade,
                             ConfigNote,
                             SpfListNote,
                             ControlRefused,
                             PrivilegesDropped,
                             SandboxReady,
                             TaskFailed,
                             AcceptFailed,
                             MemoryShed,
                             StateProblem,
                             LogLinesLost>;

inline constexpr std::size_t kEventCount = std::tuple_size_v<Catalogue>;

namespace detail {
template <class E, std::size_t... I>
constexpr std::size_t index_in(std::index_sequence<I...>) {
  std::size_t found = kEventCount;
  ((std::is_same_v<E, std::tuple_element_t<I, Catalogue>> ? void(found = I) : void()), ...);
  return found;
}
template <std::size_t... I>
constexpr std::array<About, kEventCount> all_about(std::index_sequence<I...>) {
  return {std::tuple_element_t<I, Catalogue>::about...};
}
}  // namespace detail

/// Where an event stands in the catalogue; kEventCount when it does not.
template <class E>
inline constexpr std::size_t kIndexOf =
    detail::index_in<E>(std::make_index_sequence<kEventCount>());

/// What each event says about itself, in the order of the catalogue.
inline constexpr std::array<About, kEventCount> kAbout =
    detail::all_about(std::make_index_sequence<kEventCount>());

}  // namespace gatepost::log
