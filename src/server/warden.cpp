// SPDX-License-Identifier: Apache-2.0
// server: keeps out who comes too often, or did too much.
#include "server/warden.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "log/events.h"

namespace gatepost::server {
namespace {

constexpr Stamp kSweepEvery = 600;

constexpr std::array<std::string_view, kRates> kRateNames{"Connection", "Message delivery request",
                                                          "Recipient address", "New TLS session"};

std::size_t index(Rate rate) {
  return static_cast<std::size_t>(rate);
}

std::string name_of(const Network& network) {
  const bool host = network.prefix == network.address.bits();
  return host ? network.address.text() : network.text();
}

}  // namespace

Warden::Warden(state::StateStore& state, log::Log& log, const Clocks& clocks)
    : state_(state), store_(state), log_(log), clocks_(clocks) {}

void Warden::configure(const bans::Settings& bans,
                       const bans::BurstLimit& burst,
                       std::shared_ptr<const Profile> profile) {
  profile_ = std::move(profile);
  ledger_.configure(bans);
  burst_.configure(burst);
  changed_ = true;
}

Stamp Warden::now() const {
  return state_.now(clocks_.moment(), clocks_.instant());
}

Task<void> Warden::load() {
  const auto content = co_await store_.load();
  if (!content) co_return;
  const Stamp today = now();
  for (const state::BanStore::Row& row : content->bans) {
    const auto network = Network::parse(row.network);
    if (!network) continue;
    bans::Ban ban{*network, row.begun, row.until, row.count, row.by_hand, row.reason};
    ban.reason = printable(row.reason, bans::Ban::kMostReason);
    ledger_.restore(std::move(ban), today);
  }
  for (const state::BanStore::Login& login : content->logins) {
    const auto network = Network::parse(login.network);
    if (network) ledger_.restore_login(*network, login.at, today);
  }
}

void Warden::tick() {
  const Stamp today = now();
  for (const bans::Ledger::Ended& ended : ledger_.take_ended(today)) tell_end(ended);
  if (!is_sane(today) || (today >= swept_ && today < swept_ + kSweepEvery)) return;
  swept_ = today;
  for (const Network& network : ledger_.sweep(today)) store_.forget(network.text());
  store_.sweep(today - 2 * std::max<Stamp>(ledger_.settings().login_time, 86'400));
}

void Warden::write_anew() {
  for (const bans::Ban& ban : ledger_.all()) keep(ban);
}

bool Warden::is_exempt(const IpAddress& client) const {
  return profile_ == nullptr || find_let_in(client) != nullptr ||
         profile_->directory->is_never_banned(client);
}

bool Warden::is_unlimited(const IpAddress& client) const {
  return profile_ == nullptr || find_let_in(client) != nullptr ||
         profile_->directory->is_unlimited(client);
}

bool Warden::has_let_in(const Network& network) const {
  if (let_in_ == nullptr) return false;
  const auto& entries = let_in_->entries();
  return std::any_of(entries.begin(), entries.end(), [&](const screen::LetIn::Entry& one) {
    return one.network.contains(network.address) || network.contains(one.network.address);
  });
}

bool Warden::take_changed() {
  const std::uint64_t seen = let_in_ == nullptr ? 0 : let_in_->changes();
  const bool others = std::exchange(let_in_seen_, seen) != seen;
  return std::exchange(changed_, false) || others;
}

IpAddress Warden::client_key(const IpAddress& client) const {
  return client.masked(client.is_v4() ? profile_->ipv4_prefix : profile_->ipv6_prefix);
}

void Warden::note(const IpAddress& client, bans::Offence offence) {
  if (!ledger_.settings().enabled || is_exempt(client)) return;
  const auto ban = ledger_.note(client, offence, now());
  if (ban) begin(*ban);
}

void Warden::note_login(const IpAddress& client) {
  const Stamp today = now();
  if (!ledger_.note_login(client, today)) return;
  store_.keep_login(bans::Ledger::network_of(client).text(), today);
}

bool Warden::refuses(const IpAddress& client) {
  const Stamp today = now();
  if (ledger_.find(client, today) == nullptr || is_exempt(client)) return false;
  return ledger_.refuses(client, today);
}

bool Warden::is_burst(const ServiceProfile& service, const IpAddress& client) {
  if (burst_.limit().hits == 0 || is_unlimited(client)) return false;
  const bans::Burst::Key key{static_cast<std::uint8_t>(service.service), client_key(client)};
  if (!burst_.is_too_many(key, clocks_.instant())) return false;
  const std::string name = "unknown[" + client.text() + "]";
  log_.emit(log::RateLimit{"Connection burst", service.name(), name, burst_.limit().hits});
  return true;
}

std::uint32_t Warden::limit_of(const Event& event) {
  switch (event.rate) {
    case Rate::Connection:
      return event.service.connection_rate;
    case Rate::Message:
      return event.service.message_rate;
    case Rate::Recipient:
      return event.service.recipient_rate;
    case Rate::Tls:
      return event.service.tls_rate;
  }
  std::unreachable();
}

bool Warden::is_over(const Event& event) {
  const std::uint32_t limit = limit_of(event);
  if (limit == 0 || is_unlimited(event.client)) return false;
  auto& rate = rates_[static_cast<std::size_t>(event.service.service)][index(event.rate)];
  const std::uint32_t count =
      rate.count(client_key(event.client), profile_->rate_time, clocks_.instant());
  if (count <= limit) return false;
  const std::string_view what = kRateNames[index(event.rate)];
  log_.emit(log::RateLimit{what, event.service.name(), event.peer, count});
  return true;
}

bool Warden::is_spent(const Event& event) const {
  const std::uint32_t limit = limit_of(event);
  if (limit == 0 || is_unlimited(event.client)) return false;
  const auto& rate = rates_[static_cast<std::size_t>(event.service.service)][index(event.rate)];
  return rate.peek(client_key(event.client), profile_->rate_time, clocks_.instant()) >= limit;
}

void Warden::begin(const bans::Ban& ban) {
  keep(ban);
  changed_ = true;
  log::BanBegun event;
  const std::string name = name_of(ban.network);
  event.network = name;
  event.reason = ban.reason;
  if (ban.until != bans::Ban::kForever) event.time = std::chrono::seconds(ban.until - ban.begun);
  event.count = ban.count;
  log_.emit(event);
}

void Warden::keep(const bans::Ban& ban) {
  store_.keep({ban.network.text(), ban.begun, ban.until, ban.count, ban.by_hand, ban.reason});
}

void Warden::tell_end(const bans::Ledger::Ended& ended) {
  changed_ = true;
  const std::string name = name_of(ended.ban.network);
  log_.emit(log::BanEnded{name, ended.refused});
}

Result<void> Warden::add(const Network& network, Stamp time, std::string reason) {
  if (const auto* entry = find_let_in(network.address)) {
    return Error{Cause::Permanent, network.address.text() + " is let in, see gatepost allow: " +
                                       screen::shown_network(entry->network)};
  }
  if (is_exempt(network.address)) {
    return Error{Cause::Permanent, network.address.text() + " is in ban_exceptions"};
  }
  begin(ledger_.add(network, time, std::move(reason), now()));
  return {};
}

bool Warden::remove(const Network& network) {
  // Else those in a wider one would bring its ban back with the next offence.
  std::vector<Network> all = ledger_.banned_inside(network);
  all.push_back(network);
  bool found = false;
  for (const Network& one : all) {
    const auto ended = ledger_.remove(one, now());
    store_.forget(one.text());
    if (!ended) continue;
    tell_end(*ended);
    found = true;
  }
  return found;
}

}  // namespace gatepost::server
