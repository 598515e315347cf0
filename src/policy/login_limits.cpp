// SPDX-License-Identifier: Apache-2.0
// policy: what one login may send, and what becomes of it when it sends more.
#include "policy/login_limits.h"

#include <algorithm>
#include <chrono>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::policy {

std::uint64_t LoginLimits::Window::add(std::uint64_t count, Moment at) {
  using std::chrono::floor;
  const auto since = at.time_since_epoch();
  const std::int64_t this_hour = floor<std::chrono::hours>(since).count();
  if (this_hour != hour) {
    before = (this_hour == hour + 1) ? now : 0;
    now = 0;
    hour = this_hour;
  }
  now += count;
  const auto spent = floor<std::chrono::seconds>(since - std::chrono::hours(this_hour)).count();
  return now + before * static_cast<std::uint64_t>(3600 - spent) / 3600;
}

void LoginLimits::Window::take(std::uint64_t count, Moment at) {
  add(0, at);
  const std::uint64_t here = std::min(count, now);
  now -= here;
  before -= std::min(count - here, before);
}

std::string LoginLimits::judge(Row& row, Moment now) const {
  const auto day_ago = now - std::chrono::hours(24);
  for (auto at = row.networks.begin(); at != row.networks.end();) {
    at = (at->second < day_ago) ? row.networks.erase(at) : std::next(at);
  }
  const std::uint64_t messages = row.messages.add(0, now);
  const std::uint64_t all = row.recipients.add(0, now);
  const auto over = [](std::uint64_t count, std::uint32_t limit) {
    return limit > 0 && count > limit;
  };
  if (over(messages, settings_.hourly_messages)) {
    return format_number(messages) + " messages in an hour (login_hourly_message_limit = " +
           format_number(settings_.hourly_messages) + ")";
  }
  if (over(all, settings_.hourly_recipients)) {
    return format_number(all) + " recipients in an hour (login_hourly_recipient_limit = " +
           format_number(settings_.hourly_recipients) + ")";
  }
  if (over(row.networks.size(), settings_.daily_networks)) {
    return format_number(row.networks.size()) + " networks in a day (login_daily_network_limit = " +
           format_number(settings_.daily_networks) + ")";
  }
  return {};
}

LoginLimits::Counted LoginLimits::count(std::string_view login,
                                        std::uint32_t recipients,
                                        const IpAddress& network,
                                        Moment now) {
  Row& row = rows_.try_emplace(lower(login)).first->second;
  if (row.held) return {true, 0, 0};
  if (row.era == 0) row.era = ++eras_;
  if (row.networks.size() < kMostNetworks || row.networks.contains(network)) {
    row.networks.insert_or_assign(network, now);
  }
  row.messages.add(1, now);
  row.recipients.add(recipients, now);
  return {!judge(row, now).empty(), recipients, row.era};
}

void LoginLimits::take_back(std::string_view login, const Counted& what, Moment now) {
  const auto found = rows_.find(lower(login));
  if (found == rows_.end() || what.era == 0 || found->second.era != what.era) return;
  found->second.messages.take(1, now);
  found->second.recipients.take(what.recipients, now);
}

bool LoginLimits::settle(std::string_view login, Moment now) {
  const std::string name = lower(login);
  const auto found = rows_.find(name);
  if (found == rows_.end() || found->second.held) return false;
  std::string reason = judge(found->second, now);
  if (reason.empty()) return false;
  found->second = Row{};
  found->second.held = Held{name, now, std::move(reason)};
  return true;
}

void LoginLimits::note_held(std::string_view login, std::uint64_t octets) {
  const auto found = rows_.find(lower(login));
  if (found == rows_.end() || !found->second.held) return;
  ++found->second.held_messages;
  found->second.held_octets += octets;
}

void LoginLimits::forget_held(std::string_view login) {
  const auto found = rows_.find(lower(login));
  if (found == rows_.end()) return;
  found->second.held_messages = 0;
  found->second.held_octets = 0;
}

bool LoginLimits::is_full(std::string_view login) const {
  const auto found = rows_.find(lower(login));
  if (found == rows_.end() || !found->second.held) return false;
  const Row& row = found->second;
  return row.held_messages >= settings_.held_messages || row.held_octets >= settings_.held_octets;
}

const LoginLimits::Held* LoginLimits::find_held(std::string_view login) const {
  const auto found = rows_.find(lower(login));
  const bool held = found != rows_.end() && found->second.held;
  return held ? &*found->second.held : nullptr;
}

bool LoginLimits::release(std::string_view login) {
  if (find_held(login) == nullptr) return false;
  rows_.erase(rows_.find(lower(login)));
  return true;
}

std::vector<LoginLimits::Held> LoginLimits::held() const {
  std::vector<Held> out;
  for (const auto& [name, row] : rows_) {
    if (row.held) out.push_back(*row.held);
  }
  return out;
}

std::string LoginLimits::text() const {
  std::string out;
  for (const Held& one : held()) {
    const auto since = one.since.time_since_epoch().count();
    out += one.login + ' ' + format_number(static_cast<std::uint64_t>(since)) + ' ' + one.reason +
           '\n';
  }
  return out;
}

void LoginLimits::restore(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view name = take_word(line, " ");
    const auto since = parse_number(take_word(line, " "));
    const std::string_view reason = trim(line);
    constexpr std::uint64_t kLatest = std::uint64_t{1} << 62U;
    if (name.empty() || !since || *since > kLatest || reason.empty()) continue;
    Row& row = rows_[lower(name)];
    const Moment at{std::chrono::microseconds(static_cast<std::int64_t>(*since))};
    row.held = Held{lower(name), at, printable(reason, limits::kLogText)};
  }
}

}  // namespace gatepost::policy
