// SPDX-License-Identifier: Apache-2.0
// bans: the books of offences, bans and good logins.
#include "bans/ledger.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace gatepost::bans {
namespace {

/// A login is written down again when the last one is so old.
constexpr Stamp kLoginGrain = 3600;
constexpr std::size_t kSweepRows = 200;

Stamp later(Stamp at, Stamp by) {
  return at > Ban::kForever - by ? Ban::kForever : at + by;
}

}  // namespace

void Ban::mend(Stamp now) {
  if (!is_sane(now) || begun <= now) return;
  if (until != kForever) until = later(now, std::max<Stamp>(until - begun, 0));
  begun = now;
}

Network Ledger::network_of(const IpAddress& client) {
  const unsigned prefix = client.is_v4() ? 32 : 64;
  return {client.masked(prefix), prefix};
}

Network Ledger::wide_network_of(const IpAddress& client) {
  const unsigned prefix = client.is_v4() ? 24 : 48;
  return {client.masked(prefix), prefix};
}

// What was done in the future was done when the clock was wrong.
void Ledger::drop_old(Suspect& suspect, Stamp now) const {
  auto& faults = suspect.faults;
  const auto gone = [&](const Account::Fault& one) {
    return one.at > now || one.at + settings_.find_time <= now;
  };
  if (!faults.empty() && gone(faults.front())) suspect.extra = 0;
  std::erase_if(faults, gone);
}

Weight Ledger::score(const Suspect& suspect) const {
  Weight out = suspect.extra;
  for (const Account::Fault& one : suspect.faults) out += settings_.rules.of(one.offence);
  return out;
}

std::string Ledger::reason_of(const Suspect& suspect) const {
  std::array<std::uint32_t, kOffences> counts{};
  for (const Account::Fault& one : suspect.faults) ++counts[static_cast<std::size_t>(one.offence)];
  std::string out;
  for (const OffenceRow& row : offences()) {
    const std::uint32_t count = counts[static_cast<std::size_t>(row.offence)];
    if (count == 0) continue;
    out.append(out.empty() ? "" : ", ").append(row.name).append("=").append(format_number(count));
  }
  return out;
}

Ledger::Suspect& Ledger::find_suspect(const IpAddress& address) {
  if (const auto at = suspect_index_.find(address); at != suspect_index_.end()) {
    suspects_.splice(suspects_.begin(), suspects_, at->second);
    return suspects_.front();
  }
  if (suspect_index_.size() >= kMostSuspects) {
    suspect_index_.erase(suspects_.back().address);
    suspects_.pop_back();
  }
  suspects_.push_front({address, {}, 0});
  suspect_index_.emplace(address, suspects_.begin());
  return suspects_.front();
}

void Ledger::forget_suspects(const Network& network) {
  auto at = suspect_index_.lower_bound(network.address);
  while (at != suspect_index_.end() && network.contains(at->first)) {
    suspects_.erase(at->second);
    at = suspect_index_.erase(at);
  }
}

Stamp Ledger::length(std::uint32_t count) const {
  const Stamp most = std::max(settings_.longest, settings_.ban_time);
  Stamp out = settings_.ban_time;
  if (!settings_.growing) return out;
  for (std::uint32_t i = 1; i < count && out < most; ++i) out *= 2;
  return std::min(out, most);
}

std::uint32_t Ledger::earlier(const Ban& ban, Stamp now) {
  if (now <= ban.until) return ban.count;
  const Stamp days = (now - ban.until) / kForgetting;
  return days >= Stamp{ban.count} ? 0 : ban.count - static_cast<std::uint32_t>(days);
}

std::optional<Ban> Ledger::note(const IpAddress& client, Offence offence, Stamp now) {
  if (!settings_.enabled || settings_.rules.of(offence) == 0) return std::nullopt;
  const Network network = network_of(client);
  Suspect& suspect = find_suspect(network.address);
  drop_old(suspect, now);
  // The first two become one of the second's age, so that a flood of small faults is no way out.
  if (suspect.faults.size() >= kMostFaults) {
    const Weight sum = suspect.extra + settings_.rules.of(suspect.faults.front().offence);
    suspect.extra = std::min(sum, settings_.threshold);
    suspect.faults.erase(suspect.faults.begin());
  }
  suspect.faults.push_back({offence, now});
  // What it does in sessions that were open when it was banned does not prolong it.
  if (is_protected(client, now) || find(client, now) != nullptr) return std::nullopt;
  if (auto wide = widen(client, now)) return wide;
  if (score(suspect) < settings_.threshold) return std::nullopt;
  return begin(network, reason_of(suspect), now);
}

Ban Ledger::begin(const Network& network, std::string reason, Stamp now) {
  Ban ban;
  ban.network = network;
  ban.begun = now;
  ban.count = 1;
  const auto known = bans_.find(key_of(network));
  if (known != bans_.end()) ban.count += earlier(known->second.ban, now);
  ban.until = later(now, length(ban.count));
  ban.reason = std::move(reason);
  forget_suspects(network);
  return put(std::move(ban), now).ban;
}

std::optional<Ban> Ledger::widen(const IpAddress& client, Stamp now) {
  if (settings_.network_threshold == 0) return std::nullopt;
  const Network wide = wide_network_of(client);
  Weight sum = 0;
  std::uint64_t addresses = 0;
  const unsigned prefix = network_of(client).prefix;
  for (auto at = bans_.lower_bound({prefix, wide.address});
       at != bans_.end() && at->first.prefix == prefix && wide.contains(at->first.address); ++at) {
    const Ban& ban = at->second.ban;
    // A long ban is no news: what led to it was done when it began.
    if (ban.by_hand || !ban.is_in_force(now) || ban.begun + settings_.find_time <= now) continue;
    sum += settings_.threshold;
    ++addresses;
  }
  for (auto at = suspect_index_.lower_bound(wide.address);
       at != suspect_index_.end() && wide.contains(at->first); ++at) {
    drop_old(*at->second, now);
    const Weight its = std::min(score(*at->second), settings_.threshold);
    sum += its;
    addresses += its > 0 ? 1 : 0;
  }
  if (sum < settings_.network_threshold) return std::nullopt;
  // Whoever logged in from there shares it with the others.
  for (auto at = logins_.lower_bound(wide.address); at != logins_.end() && wide.contains(at->first);
       ++at) {
    if (is_protected(at->first, now)) return std::nullopt;
  }
  return begin(wide, "offences of " + format_number(addresses) + " addresses", now);
}

bool Ledger::note_login(const IpAddress& client, Stamp now) {
  const IpAddress key = network_of(client).address;
  const auto known = logins_.find(key);
  if (known != logins_.end() && known->second <= now && now - known->second < kLoginGrain) {
    return false;
  }
  if (known == logins_.end() && logins_.size() >= kMostLogins) {
    const auto oldest =
        std::min_element(logins_.begin(), logins_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    logins_.erase(oldest);
  }
  logins_.insert_or_assign(key, now);
  return true;
}

// The grain of what is remembered is in favour of the network.
bool Ledger::is_protected(const IpAddress& client, Stamp now) const {
  if (settings_.login_time == 0) return false;
  const auto known = logins_.find(network_of(client).address);
  return known != logins_.end() && now < known->second + settings_.login_time + kLoginGrain;
}

const Ledger::Held* Ledger::find_held(const IpAddress& client, Stamp now) const {
  if (bans_.empty()) return nullptr;
  for (unsigned prefix = 0; prefix <= client.bits(); ++prefix) {
    if (prefixes_[prefix] == 0) continue;
    const auto found = bans_.find({prefix, client.masked(prefix)});
    if (found != bans_.end() && keeps_out(found->second.ban, now)) return &found->second;
  }
  return nullptr;
}

const Ban* Ledger::find(const IpAddress& client, Stamp now) const {
  const Held* held = find_held(client, now);
  return held == nullptr ? nullptr : &held->ban;
}

bool Ledger::refuses(const IpAddress& client, Stamp now) {
  const Held* held = find_held(client, now);
  if (held == nullptr) return false;
  ++held->refused;
  return true;
}

void Ledger::erase(Bans::iterator at) {
  --prefixes_[at->first.prefix];
  bans_.erase(at);
}

// Those that are over go first, then the one that ends first: whoever made so many bans begin gains
// the end of one by it.
void Ledger::make_room(Stamp now) {
  for (auto at = bans_.begin(); at != bans_.end();) {
    const auto next = std::next(at);
    if (!at->second.ban.is_in_force(now)) erase(at);
    at = next;
  }
  if (bans_.size() < kMostBans) return;
  erase(std::min_element(bans_.begin(), bans_.end(), [](const auto& a, const auto& b) {
    return a.second.ban.until < b.second.ban.until;
  }));
}

Ledger::Held& Ledger::put(Ban ban, Stamp now) {
  const Key key = key_of(ban.network);
  auto at = bans_.find(key);
  if (at == bans_.end()) {
    if (bans_.size() >= kMostBans) make_room(now);
    at = bans_.emplace(key, Held{}).first;
    ++prefixes_[key.prefix];
  }
  next_end_ = std::min(next_end_, ban.until);
  at->second = Held{std::move(ban), false, 0};
  return at->second;
}

Ban Ledger::add(const Network& network, Stamp time, std::string reason, Stamp now) {
  Ban ban;
  ban.network = network;
  ban.begun = now;
  ban.until = later(now, time);
  ban.count = 1;
  ban.by_hand = true;
  ban.reason = std::move(reason);
  return put(std::move(ban), now).ban;
}

std::optional<Ledger::Ended> Ledger::remove(const Network& network, Stamp now) {
  forget_suspects(network);
  const auto at = bans_.find(key_of(network));
  if (at == bans_.end()) return std::nullopt;
  std::optional<Ended> out;
  if (at->second.ban.is_in_force(now)) out = Ended{at->second.ban, at->second.refused};
  erase(at);
  return out;
}

std::vector<Network> Ledger::banned_inside(const Network& network) const {
  std::vector<Network> out;
  for (const auto& [key, held] : bans_) {
    const bool inside = key.prefix > network.prefix && network.contains(key.address);
    if (inside && !held.ban.by_hand) out.push_back(held.ban.network);
  }
  return out;
}

std::vector<Ledger::Ended> Ledger::take_ended(Stamp now) {
  std::vector<Ended> out;
  if (now < next_end_) return out;
  next_end_ = Ban::kForever;
  for (auto& [key, held] : bans_) {
    if (held.ban.is_in_force(now)) {
      next_end_ = std::min(next_end_, held.ban.until);
    } else if (!std::exchange(held.told, true)) {
      out.push_back({held.ban, held.refused});
    }
  }
  return out;
}

std::vector<Network> Ledger::sweep(Stamp now) {
  std::vector<Network> out;
  for (auto at = bans_.begin(); at != bans_.end() && out.size() < kSweepRows;) {
    const auto next = std::next(at);
    const Ban& ban = at->second.ban;
    if (at->second.told && !ban.is_in_force(now) && earlier(ban, now) == 0) {
      out.push_back(ban.network);
      erase(at);
    }
    at = next;
  }
  std::erase_if(logins_, [&](const auto& one) {
    return now > one.second + settings_.login_time + kLoginGrain;
  });
  return out;
}

std::vector<Ban> Ledger::list(Stamp now) const {
  std::vector<Ban> out;
  for (const auto& [key, held] : bans_) {
    if (keeps_out(held.ban, now)) out.push_back(held.ban);
  }
  return out;
}

std::vector<Ban> Ledger::all() const {
  std::vector<Ban> out;
  for (const auto& [key, held] : bans_) out.push_back(held.ban);
  return out;
}

void Ledger::mend(Stamp now) {
  next_end_ = 0;
  for (auto& [key, held] : bans_) held.ban.mend(now);
  for (auto& [network, at] : logins_) at = plausible(at, now);
}

Account Ledger::look_up(const IpAddress& client, Stamp now) const {
  Account out;
  out.network = network_of(client);
  if (const auto at = suspect_index_.find(out.network.address); at != suspect_index_.end()) {
    Suspect suspect = *at->second;
    drop_old(suspect, now);
    out.score = score(suspect);
    out.faults = std::move(suspect.faults);
  }
  if (const Ban* ban = find(client, now)) {
    out.ban = *ban;
  } else if (const auto known = bans_.find(key_of(out.network)); known != bans_.end()) {
    const Ban& last = known->second.ban;
    if (!last.is_in_force(now) && earlier(last, now) > 0) out.ban = last;
  }
  if (is_protected(client, now)) out.login = logins_.at(out.network.address);
  return out;
}

void Ledger::restore(Ban ban, Stamp now) {
  ban.mend(now);
  if (!ban.is_in_force(now) && earlier(ban, now) == 0) return;
  const bool over = !ban.is_in_force(now);
  Held& held = put(std::move(ban), now);
  held.told = over;
}

void Ledger::restore_login(const Network& network, Stamp at, Stamp now) {
  if (logins_.size() >= kMostLogins) return;
  logins_.insert_or_assign(network_of(network.address).address, plausible(at, now));
}

}  // namespace gatepost::bans
